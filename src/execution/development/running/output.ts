import { stripVTControlCharacters } from 'node:util'

const defaultLimit = 24_000

/**
 * What a program printed, as a reader sees it: without colours, of lines that were written over the last state only, and
 * of long output the beginning and the end.
 */
export function readableOutput(output: string, discardedBytes = 0, limit = defaultLimit): string {
  const plain = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replace(/^.*\r/s, ''))
    .join('\n')
    // Control characters other than line ends and tabs.
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd')
    .trimEnd()
  const cut = discardedBytes > 0 ? `\n[${discardedBytes} more bytes were printed and not kept]` : ''
  if (plain.length <= limit) return plain + cut
  const head = plain.slice(0, Math.floor(limit / 3))
  const tail = plain.slice(plain.length - Math.ceil((limit * 2) / 3))
  const left = plain.length - head.length - tail.length
  return `${head}\n[… ${left} characters left out; print less, for example with head, tail or grep …]\n${tail}${cut}`
}
