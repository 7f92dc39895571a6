import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * What a secret opens, as its prefix says, so that one which turns up in a text can be told and revoked:
 * `sk` a task's way to models, `api` the API in a program, `session` a browser, `link` one sign-in, `device` the wait
 * for a sign-in elsewhere.
 */
export type SecretKind = 'sk' | 'api' | 'session' | 'link' | 'device'

/** 256 bits in base64url, and a checksum by which typing errors are told without asking the database. */
const form = /^atl_([a-z]+)_([A-Za-z0-9_-]{43})([0-9a-f]{8})$/

/** A new secret. It is told once and kept nowhere; the database has {@link hashOfSecret}. */
export function createSecret(kind: SecretKind): string {
  const secret = randomBytes(32).toString('base64url')
  return `atl_${kind}_${secret}${checksum(secret)}`
}

/** Whether a text can be a secret of this kind at all. */
export function hasSecretForm(kind: SecretKind, text: string): boolean {
  const [, found, secret, sum] = form.exec(text) ?? []
  return found === kind && secret !== undefined && sum === checksum(secret)
}

/**
 * How a secret is stored. Slow hashes protect what people can remember; these have 256 random bits, which nobody finds
 * by trying, so one round of SHA-256 gives nothing away and costs a request nothing.
 */
export function hashOfSecret(secret: string): string {
  return hash('sha256', secret, 'hex')
}

function checksum(secret: string): string {
  return crc32(secret).toString(16).padStart(8, '0')
}
