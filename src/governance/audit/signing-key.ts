import type { KeyObject } from 'node:crypto'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../../kernel/index.ts'
import { auditErrors } from './errors.ts'

/** Checks signatures of keys that one has reason to trust. */
export interface TrustedKeys {
  /** False for unknown keys and for anything malformed. */
  verify(keyId: string, statement: string, signature: string): boolean
}

/** An Ed25519 key whose private half never leaves this object. */
export interface SigningKey extends TrustedKeys {
  /** Digest of the public key. */
  readonly keyId: string
  /** SPKI, PEM: to be given to whoever verifies elsewhere. */
  readonly publicKey: string
  /** Base64. */
  sign(statement: string): string
}

/**
 * Opens the signing key in `folder`, creating it on first use, readable by its owner only. Processes that start at the
 * same time agree on one key.
 *
 * @throws ATL_AUDIT_KEY_UNREADABLE
 */
export async function openSigningKey(folder: string): Promise<SigningKey> {
  const file = join(folder, 'audit-signing-key.pem')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return signingKey(createPrivateKey(await readOrCreate(file)))
  } catch (cause) {
    throw auditErrors.KEY_UNREADABLE({ detail: file, cause })
  }
}

async function readOrCreate(file: string): Promise<string> {
  const existing = await readIfPresent(file)
  if (existing !== undefined) return existing
  // Written aside and linked into place, so that no process ever reads half a key and the first one wins.
  const draft = `${file}.${randomUUID()}.draft`
  const { privateKey } = generateKeyPairSync('ed25519')
  try {
    const handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await handle.sync()
    await handle.close()
    await link(draft, file)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(file, 'utf8')
}

async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function signingKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
  const keyId = keyIdOf(publicKey)
  return {
    keyId,
    publicKey,
    sign: (statement) => signBytes(null, Buffer.from(statement), privateKey).toString('base64'),
    ...trustedKeys([publicKey]),
  }
}

/** Trusts exactly these public keys (SPKI, PEM); what cannot be parsed is not trusted. */
export function trustedKeys(publicKeys: readonly string[]): TrustedKeys {
  const byId = new Map(
    publicKeys.flatMap((pem) => {
      const key = parsePublicKey(pem)
      return key === undefined ? [] : [[keyIdOf(pem), key] as const]
    }),
  )
  return {
    verify: (keyId, statement, signature) => {
      const key = byId.get(keyId)
      if (key?.asymmetricKeyType !== 'ed25519') return false
      const bytes = Buffer.from(signature, 'base64')
      // Decoding passes over what is no base64; only one way of writing a signature is accepted.
      if (bytes.toString('base64') !== signature) return false
      return verifyBytes(null, Buffer.from(statement), key, bytes)
    },
  }
}

/** Undefined for anything but the one way in which a key is written. */
function parsePublicKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem)
    return key.export({ type: 'spki', format: 'pem' }).toString() === pem ? key : undefined
  } catch {
    return undefined
  }
}

function keyIdOf(publicKey: string): string {
  return digestOf(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }))
}
