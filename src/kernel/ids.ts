import { createHash, randomBytes } from 'node:crypto'

declare const brand: unique symbol
/** A string that cannot be mistaken for another kind of string. */
type Branded<B extends string> = string & { readonly [brand]: B }

export type TenantId = Branded<'TenantId'>
export type ProjectId = Branded<'ProjectId'>
export type RunId = Branded<'RunId'>
export type PrincipalId = Branded<'PrincipalId'>
/** Lower-case hexadecimal SHA-256, prefixed with `sha256:`. */
export type Digest = Branded<'Digest'>

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A time-ordered id: prefix, 48 bits of milliseconds and 80 random bits in Crockford base 32 (the ULID layout). */
export function createId(
  prefix: string,
  now: number = Date.now(),
  random: Uint8Array = randomBytes(10),
): string {
  let time = ''
  for (let rest = now, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32))
    time = alphabet.charAt(rest % 32) + time
  let bits = 0n
  for (const byte of random) bits = (bits << 8n) | BigInt(byte)
  let tail = ''
  for (let i = 0; i < 16; i += 1, bits >>= 5n) tail = alphabet.charAt(Number(bits & 31n)) + tail
  return `${prefix}_${time}${tail}`
}

/** SHA-256 of bytes, or of a string's UTF-8. */
export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}` as Digest
}

/** Digest of a value's canonical JSON, so that equal values have equal digests. */
export function digestOfValue(value: unknown): Digest {
  return digestOf(canonicalJson(value))
}

/**
 * JSON with sorted keys and without white space (RFC 8785 for the values used here: no NaN, no infinities).
 * `undefined` members are left out, as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  )
}
