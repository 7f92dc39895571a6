import { hash, randomBytes } from 'node:crypto'

declare const brand: unique symbol
/** A string that cannot be mistaken for another kind of string. */
type Branded<B extends string> = string & { readonly [brand]: B }

export type TenantId = Branded<'TenantId'>
export type ProjectId = Branded<'ProjectId'>
export type RunId = Branded<'RunId'>
export type PrincipalId = Branded<'PrincipalId'>
/** Lower-case hexadecimal SHA-256, prefixed with `sha256:`. */
export type Digest = Branded<'Digest'>

/** Every tenant has this project: what names no other one belongs to it. */
export const defaultProject = 'default' as ProjectId

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

const randomLength = 10
/** Random bytes are fetched for many ids at once, since each fetch costs more than all else that makes an id. */
let fetched = { bytes: new Uint8Array(0), used: 0 }

function someRandom(): Uint8Array {
  if (fetched.used === fetched.bytes.length) fetched = { bytes: randomBytes(100 * randomLength), used: 0 }
  fetched.used += randomLength
  return fetched.bytes.subarray(fetched.used - randomLength, fetched.used)
}

/** A time-ordered id: prefix, 48 bits of milliseconds and 80 random bits in Crockford base 32 (the ULID layout). */
export function createId(
  prefix: string,
  now: number = Date.now(),
  random: Uint8Array = someRandom(),
): string {
  let time = ''
  for (let rest = now, i = 0; i < 10; i += 1, rest = Math.floor(rest / 32))
    time = alphabet.charAt(rest % 32) + time
  let tail = ''
  let bits = 0
  let held = 0
  for (const byte of random) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; held &= (1 << bits) - 1) tail += alphabet.charAt(held >>> (bits -= 5))
  }
  return `${prefix}_${time}${tail}`
}

/** SHA-256 of bytes, or of a string's UTF-8. */
export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', content, 'hex')}` as Digest
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
  return JSON.stringify(withSortedKeys(value))
}

function withSortedKeys(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (writesItself(value)) return withSortedKeys(value.toJSON())
  if (Array.isArray(value)) return value.map(withSortedKeys)
  const sorted: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort()) {
    const member = withSortedKeys((value as Record<string, unknown>)[key])
    if (key === '__proto__') Object.defineProperty(sorted, key, { value: member, enumerable: true })
    else sorted[key] = member
  }
  return sorted
}

function writesItself(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}
