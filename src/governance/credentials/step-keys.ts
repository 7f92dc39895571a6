import { exportJWK, generateKeyPair } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import { sql } from 'kysely'
import { createId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'

/** An Ed25519 key that signs, and until when it may. */
interface SigningStepKey {
  readonly id: string
  readonly privateKey: CryptoKey
}

/** The keys by which credentials of steps are signed and verified. */
export interface StepKeys {
  /** The key of this process that signs now. */
  current(): Promise<SigningStepKey>
  /** Public keys of all processes by which something still in force may have been signed: a JSON Web Key Set. */
  published(): Promise<{ readonly keys: readonly JWK[] }>
}

export interface StepKeysOptions {
  readonly database: Database
  /** How long a key signs; a day when absent. */
  readonly signsForMs?: number
  /** The longest that what it signed is good for. */
  readonly longestLifetimeMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicNow?: () => number
}

/**
 * A private key is made by the process that signs with it and never leaves its memory: there is no file or row to steal.
 * Its public half is in the database before it signs anything, and stays there for as long as anything may be signed
 * by it. Keys are replaced every day, and whenever a process starts.
 */
export function createStepKeys(options: StepKeysOptions): StepKeys {
  const { database, longestLifetimeMs, signsForMs = 24 * 3600 * 1000 } = options
  const { monotonicNow = () => performance.now() } = options
  let signing: { readonly key: Promise<SigningStepKey>; readonly until: number } | undefined

  const make = async (): Promise<SigningStepKey> => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
    const id = createId('key')
    const jwk = { ...(await exportJWK(publicKey)), kid: id, alg: 'EdDSA', use: 'sig' }
    await database.transaction({ kind: 'system' }, async (tx) => {
      await sql`delete from step_verification_keys where expires_at < now()`.execute(tx)
      await tx
        .insertInto('step_verification_keys')
        .values({
          id,
          jwk: JSON.stringify(jwk),
          expires_at: sql<Date>`now() + ${signsForMs + longestLifetimeMs + 60_000} * interval '1 millisecond'`,
        })
        .execute()
    })
    return { id, privateKey }
  }

  return {
    current: () => {
      if (signing === undefined || monotonicNow() >= signing.until) {
        const made = { key: make(), until: monotonicNow() + signsForMs }
        signing = made
        made.key.catch(() => {
          if (signing === made) signing = undefined
        })
      }
      return signing.key
    },
    published: () =>
      database.transaction({ kind: 'system' }, async (tx) => {
        const rows = await tx
          .selectFrom('step_verification_keys')
          .select('jwk')
          .where('expires_at', '>', sql<Date>`now()`)
          .orderBy('created_at', 'desc')
          .execute()
        return { keys: rows.map(({ jwk }) => jwk) }
      }),
  }
}
