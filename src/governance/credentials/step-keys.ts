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

interface TimedKey {
  readonly key: Promise<SigningStepKey>
  readonly until: number
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
 * How long before it signs a key is published, so that whoever keeps the published keys for a while has it by then: ten
 * minutes in the libraries that do.
 */
const aheadMs = 15 * 60_000

/**
 * A private key is made by the process that signs with it and never leaves its memory: there is no file or row to steal.
 * Its public half is in the database before it signs anything, and stays there for as long as anything may be signed
 * by it. Keys are replaced every day, and whenever a process starts; the next one is published before it signs.
 */
export function createStepKeys(options: StepKeysOptions): StepKeys {
  const { database, longestLifetimeMs, signsForMs = 24 * 3600 * 1000 } = options
  const { monotonicNow = () => performance.now() } = options
  let signing: TimedKey | undefined
  let next: TimedKey | undefined

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
          expires_at: sql<Date>`now() + ${aheadMs + signsForMs + longestLifetimeMs + 60_000} * interval '1 millisecond'`,
        })
        .execute()
    })
    return { id, privateKey }
  }

  /** A key that signs from then on. One that could not be published is not tried again, but replaced. */
  const begin = (from: number): TimedKey => {
    const made = { key: make(), until: from + signsForMs }
    made.key.catch(() => {
      if (signing === made) signing = undefined
      if (next === made) next = undefined
    })
    return made
  }

  return {
    current: () => {
      const now = monotonicNow()
      if (signing === undefined || now >= signing.until) {
        signing = next === undefined || now >= next.until ? begin(now) : next
        next = undefined
      } else if (now >= signing.until - aheadMs) next ??= begin(signing.until)
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
