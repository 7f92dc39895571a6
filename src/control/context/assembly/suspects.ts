import type { RankedFile } from '../ranking/rank.ts'
import type { ContextSuspect, LeftOut } from './piece.ts'
import type { Proposal } from './select.ts'

const mostSuspects = 20

/** The chunks that hold the suspects, the most suspicious first, and those of which the index has nothing. */
export function proposeSuspects(
  suspects: readonly ContextSuspect[],
  ranked: readonly RankedFile[],
): { readonly proposals: readonly Proposal[]; readonly missing: readonly LeftOut[] } {
  const files = new Map(ranked.map((file) => [file.path, file] as const))
  const proposals = new Map<unknown, Proposal>()
  const missing: LeftOut[] = []
  const best = suspects.toSorted((one, other) => other.score - one.score).slice(0, mostSuspects)
  for (const { file: path, line, score, reasons } of best) {
    const file = files.get(path)
    const chunk = file?.evidence.outline.chunks.find((own) => own.startLine <= line && own.endLine >= line)
    if (file === undefined || chunk === undefined)
      missing.push({
        path,
        startLine: line,
        endLine: line,
        role: 'suspect',
        tokens: 0,
        reason: 'not-indexed',
      })
    else if (!proposals.has(chunk)) {
      const why = [`suspect at line ${line}, score ${score.toFixed(2)}`, ...reasons.slice(0, 3)]
      proposals.set(chunk, { file, chunk, fit: 1, worth: score, why })
    }
  }
  return { proposals: [...proposals.values()], missing }
}
