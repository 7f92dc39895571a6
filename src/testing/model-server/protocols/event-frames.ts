import { crc32 } from 'node:zlib'

/** Number by which a header's value is marked as a string. */
const stringType = 7

/**
 * One message of AWS's binary streams (`application/vnd.amazon.eventstream`): total length, length of the headers and
 * their checksum, headers, payload, and the checksum of all of it.
 * @param event its name, a space, and its payload.
 */
export function frameOf(event: string): Uint8Array {
  const space = event.indexOf(' ')
  const name = event.slice(0, space)
  const kind = name.endsWith('Exception') ? 'exception' : 'event'
  const headers = Buffer.concat([
    header(':message-type', kind),
    header(`:${kind}-type`, name),
    header(':content-type', 'application/json'),
  ])
  const payload = Buffer.from(event.slice(space + 1))
  const prelude = uint32s(headers.length + payload.length + 16, headers.length)
  const checked = Buffer.concat([prelude, uint32s(crc32(prelude)), headers, payload])
  return Buffer.concat([checked, uint32s(crc32(checked))])
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(value.length)
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([stringType]),
    length,
    Buffer.from(value),
  ])
}

function uint32s(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index)
  return bytes
}
