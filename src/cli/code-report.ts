import type { CodeContextAnswer, CodeSearchAnswer } from '../api/index.ts'
import type { CodeHit, IndexReport } from '../control/context/index.ts'
import { count, humanDuration, oneLine, palette, printable, type Terminal } from './terminal.ts'

const shortCommit = 12

/** One line of figures, and one for each sort of file that was left out. */
export function renderIndexReport(
  report: IndexReport & { readonly repository: string; readonly notes: readonly string[] },
  seconds: number,
): string {
  const { indexed = 0, link = 0, submodule = 0, ...others } = report.outcomes
  const notFollowed = [
    ...(link === 0 ? [] : [count(link, 'link')]),
    ...(submodule === 0 ? [] : [count(submodule, 'submodule')]),
  ]
  const leftOut = Object.entries(others).map(([outcome, files]) => `${count(files, 'file')} ${outcome}`)
  return [
    `${report.commit.slice(0, shortCommit)} of ${printable(report.repository)} is indexed: ${count(indexed, 'file')}, ${count(report.lines, 'line')}, ${count(report.read, 'file')} read in ${humanDuration(seconds)}.`,
    ...(leftOut.length === 0 ? [] : [`Found by name only: ${leftOut.join(', ')}.`]),
    ...(notFollowed.length === 0 ? [] : [`Not followed: ${notFollowed.join(', ')}.`]),
    ...(report.syntaxErrors === 0
      ? []
      : [`${count(report.syntaxErrors, 'file')} with syntax errors, indexed as far as they go.`]),
    ...report.notes.map(printable),
  ].join('\n')
}

/** Each hit with its lines, and below it the reasons. */
export function renderHits(answer: CodeSearchAnswer, terminal: Terminal): string {
  const colours = palette(terminal)
  const lines = [...staleness(answer)]
  if (answer.hits.length === 0)
    lines.push('Nothing of these words is in the code. Try others, or another --kind.')
  for (const hit of answer.hits) {
    lines.push(`${colours.bold(place(hit))}  ${oneLine(hit.signature, 100)}`.trimEnd())
    lines.push(colours.dim(`    ${reasons(hit)}`))
  }
  return lines.join('\n')
}

function reasons({ why }: CodeHit): string {
  const terms = why.terms.slice(0, 5).map(({ term, fields }) => `${term} (${fields.join(', ')})`)
  const edges = why.edges.slice(0, 2).map(({ kind, path }) => `${kind} ${path}`)
  const past = why.pastCommit === null ? [] : [`like commit ${why.pastCommit.slice(0, shortCommit)}`]
  return oneLine([...terms, ...edges, ...past].join('; '), 400)
}

/** The pieces as Markdown, then the record of what was left out. */
export async function renderContext(answer: CodeContextAnswer): Promise<string> {
  const { presentContext } = await import('../control/context/index.ts')
  return [...staleness(answer), presentContext(answer, printable)].join('\n')
}

function place(of: { readonly path: string; readonly startLine: number; readonly endLine: number }): string {
  return `${printable(of.path)}:${of.startLine}-${of.endLine}`
}

function staleness({ asked, commit, indexing }: CodeSearchAnswer | CodeContextAnswer): string[] {
  if (asked === commit) return []
  const state = indexing ? 'is being indexed' : 'is not indexed'
  return [
    `${asked.slice(0, shortCommit)} ${state}; this is the answer for ${commit.slice(0, shortCommit)}, the newest commit before it that is.`,
  ]
}
