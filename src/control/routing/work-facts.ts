import type { Intent, WorkItem } from '../../contracts/index.ts'

/** What is known of a piece of work before anybody has tried it. Counts are integers. */
export interface WorkFacts {
  readonly title: string
  readonly kind: string
  readonly bug: boolean
  readonly labels: readonly string[]
  /** What the text names. */
  readonly files: readonly string[]
  readonly symbols: readonly string[]
  readonly tests: readonly string[]
  readonly frames: number
  readonly criteria: number
  readonly snippets: number
  readonly words: number
  /** Failing tests of the base revision; -1 before they have run. */
  readonly failing: number
}

/** @param failing failing tests of the base revision, if they have run */
export function factsOfWork(
  workItem: Pick<WorkItem, 'title' | 'body' | 'task' | 'labels'>,
  intent: Intent,
  failing?: number,
): WorkFacts {
  return {
    title: workItem.title,
    kind: workItem.task.kind,
    bug: intent.kind === 'bug',
    labels: workItem.labels,
    files: intent.files,
    symbols: intent.symbols,
    tests: intent.tests,
    frames: intent.stackFrames.length,
    criteria: intent.acceptanceCriteria.length,
    snippets: intent.snippets.length,
    words: workItem.body.split(/\s+/).filter((word) => word !== '').length,
    failing: failing ?? -1,
  }
}

export const countNames = [
  'bug',
  'files',
  'symbols',
  'tests',
  'frames',
  'criteria',
  'snippets',
  'words',
] as const
type CountName = (typeof countNames)[number]

/** How many of each thing the work has. */
export function countsOf(work: WorkFacts): Readonly<Record<CountName, number>> {
  const { frames, criteria, snippets, words } = work
  return {
    bug: work.bug ? 1 : 0,
    files: work.files.length,
    symbols: work.symbols.length,
    tests: work.tests.length,
    frames,
    criteria,
    snippets,
    words,
  }
}
