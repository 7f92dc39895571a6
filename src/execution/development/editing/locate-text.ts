import { numberedLines, splitLines } from '../reading/numbered-lines.ts'

/** Offsets of all occurrences that do not overlap. */
export function occurrencesOf(text: string, wanted: string): readonly number[] {
  const found: number[] = []
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) found.push(at)
  return found
}

/** 1-based number of the line in which an offset lies. */
export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** The same text with the line ends of a file, which models seldom write themselves. */
export function withLineEndsOf(text: string, file: string): string {
  return file.includes('\r\n') && !text.includes('\r') ? text.replaceAll('\n', '\r\n') : text
}

/** Comparisons of lines that are made to find out what was meant. */
const mostComparisons = 2_000_000
/** Share of words in common, 0 … 1, from which a place is worth showing. */
const leastSimilarity = 0.4

/**
 * Says why a text does not stand in a file, in words for who wrote it: numbers of lines that were copied along, other
 * white space, or the most similar place, with its lines as they really are.
 */
export function explainMismatch(text: string, wanted: string): string {
  const lines = splitLines(text)
  if (lines.length === 0) return 'the file is empty'
  const asked = splitLines(wanted)
  if (asked.every((line) => /^\s*\d+\t/.test(line)) && text.includes(asked.map(withoutNumber).join('\n')))
    return 'the text carries the line numbers of files.read; leave them and the tab behind them out'
  const place = mostSimilar(lines, asked)
  if (place === undefined) return 'nothing in the file is like it'
  const last = Math.min(lines.length, place.first + asked.length - 1)
  const { text: shown } = numberedLines(lines, place.first, Math.min(last, place.first + 39))
  const why = place.kind === 'white-space' ? 'only white space differs from' : 'the most similar place is'
  const other = firstDifference(lines, asked, place.first)
  return `${why} lines ${place.first} to ${last}:\n${shown}${other}`
}

function withoutNumber(line: string): string {
  return line.replace(/^\s*\d+\t/, '')
}

function firstDifference(lines: readonly string[], asked: readonly string[], first: number): string {
  const at = asked.findIndex((line, index) => line !== lines[first - 1 + index])
  if (at === -1) return ''
  const [there, written] = [lines[first - 1 + at] ?? '', asked[at] ?? ''].map((line) =>
    JSON.stringify(line.slice(0, 300)),
  )
  return `\nThe first difference is in line ${first + at}: the file has ${there}, the edit has ${written}.`
}

interface Place {
  readonly kind: 'white-space' | 'similar'
  /** 1-based. */
  readonly first: number
}

function mostSimilar(lines: readonly string[], asked: readonly string[]): Place | undefined {
  const start = Math.max(
    0,
    asked.findIndex((line) => line.trim() !== ''),
  )
  const plainAsked = asked.map(plain)
  const plainLines = lines.map(plain)
  const same = plainLines.findIndex((_, at) =>
    plainAsked.every((line, index) => plainLines[at + index] === line),
  )
  if (same !== -1) return { kind: 'white-space', first: same + 1 }
  // Only as many lines of a long text as can be afforded.
  const compared = asked.slice(start, start + Math.max(1, Math.floor(mostComparisons / lines.length)))
  const wordsAsked = compared.map(wordsOf)
  const words = lines.map(wordsOf)
  let best: { readonly first: number; readonly score: number } | undefined
  for (let at = 0; at < words.length; at += 1) {
    let sum = 0
    for (const [index, set] of wordsAsked.entries()) sum += similarity(set, words[at + index])
    const score = sum / wordsAsked.length
    if (score >= leastSimilarity && score > (best?.score ?? 0))
      best = { first: Math.max(1, at + 1 - start), score }
  }
  return best === undefined ? undefined : { kind: 'similar', first: best.first }
}

function plain(line: string): string {
  return line.replaceAll(/\s+/g, '')
}

function wordsOf(line: string): ReadonlySet<string> {
  return new Set(line.slice(0, 1_000).match(/\w+|[^\s\w]/g) ?? [])
}

function similarity(one: ReadonlySet<string>, other: ReadonlySet<string> | undefined): number {
  if (other === undefined) return 0
  if (one.size === 0 && other.size === 0) return 1
  let common = 0
  for (const word of one) if (other.has(word)) common += 1
  return common / (one.size + other.size - common)
}
