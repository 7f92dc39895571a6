/*
 * The beginning of a TLS connection (RFC 8446 section 4.1.2, RFC 6066 section 3). A tunnel to an allowed name could
 * otherwise ask the server behind it, often a content network's, for any other name it serves.
 */

/** What the first bytes of a tunnel say. */
export type TunnelStart =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'not-tls' }
  /** The name the client asks for; null if it does not say one. */
  | { readonly kind: 'tls'; readonly serverName: string | null }

const handshakeRecord = 22
const clientHello = 1
const serverNameExtension = 0
/** More than any client sends before it waits for an answer. */
const longestHello = 65_536

/** Reads the server name from the bytes received so far. */
export function readTunnelStart(bytes: Buffer): TunnelStart {
  const first = bytes[0]
  if (first === undefined) return { kind: 'incomplete' }
  if (first !== handshakeRecord || (bytes.length > 1 && bytes[1] !== 3)) return { kind: 'not-tls' }
  const message = joinRecords(bytes)
  if (message === null) return { kind: 'not-tls' }
  if (message.length < 4) return bytes.length > longestHello ? { kind: 'not-tls' } : { kind: 'incomplete' }
  if (message[0] !== clientHello) return { kind: 'not-tls' }
  const length = message.readUIntBE(1, 3)
  if (length > longestHello) return { kind: 'not-tls' }
  if (message.length < 4 + length) return { kind: 'incomplete' }
  try {
    return { kind: 'tls', serverName: serverNameOf(message.subarray(4, 4 + length)) }
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'not-tls' }
    throw error
  }
}

/** The handshake bytes of all complete records, or null if something else is among them. */
function joinRecords(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = []
  let at = 0
  while (at + 5 <= bytes.length) {
    if (bytes[at] !== handshakeRecord) return parts.length > 0 ? Buffer.concat(parts) : null
    const length = bytes.readUInt16BE(at + 3)
    parts.push(bytes.subarray(at + 5, at + 5 + length))
    at += 5 + length
  }
  return Buffer.concat(parts)
}

/** Walks through the fields of a ClientHello; reading past its end throws a RangeError. */
function serverNameOf(hello: Buffer): string | null {
  let at = 2 + 32
  at += 1 + hello.readUInt8(at)
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello.readUInt8(at)
  if (at === hello.length) return null
  const end = at + 2 + hello.readUInt16BE(at)
  at += 2
  while (at < end) {
    const type = hello.readUInt16BE(at)
    const length = hello.readUInt16BE(at + 2)
    if (type === serverNameExtension) {
      const nameLength = hello.readUInt16BE(at + 7)
      if (nameLength + 5 > length) throw new RangeError('the name is longer than its extension')
      return hello.subarray(at + 9, at + 9 + nameLength).toString('latin1')
    }
    at += 4 + length
  }
  return null
}
