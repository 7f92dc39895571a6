import type { Candidate, TextEdit } from '../model.ts'

/** A possible edit of one place. */
export interface Proposal {
  /** What kind of edit, within the template: `return-early`. */
  readonly variant: string
  readonly start: number
  readonly end: number
  readonly replacement: string
  /** How often real fixes of such a place look like this, 0 … 1; see the templates of the language. */
  readonly weight: number
  /** For people, in the imperative: `compare with >= instead of >`. */
  readonly description: string
}

/** All candidates in the order in which they should be tried. */
export interface CandidatePool {
  readonly size: number
  /** The next candidates that parse, at most `count`; fewer or none at the end. */
  take(count: number): readonly Candidate[]
}

/** A parsed file of any language. */
interface ParsedFile {
  readonly path: string
  readonly text: string
  /** 1-based line of an offset. */
  lineOf(offset: number): number
}

export interface Draft<T extends ParsedFile> {
  readonly tree: T
  readonly template: string
  readonly proposal: Proposal
  readonly prior: number
  /** Order of enumeration, for determinism. */
  readonly order: number
}

/** Proposals are enumerated down to this prior at most; further up where there are more than can be tried. */
const leastPrior = 0.003

/** More than can be tried in minutes. */
const mostCandidates = 60_000

/** Keeps the best drafts, one for each change of the text. */
export class Collection<T extends ParsedFile> {
  private readonly most: number
  private readonly drafts = new Map<string, Draft<T>>()
  private order = 0
  /** What has a lower prior will not be kept. */
  least: number

  constructor(most: number = mostCandidates, least: number = leastPrior) {
    this.most = most
    this.least = least
  }

  add(tree: T, template: string, proposal: Proposal, prior: number): void {
    if (prior < this.least) return
    const key = identity(tree, proposal)
    if (key === null) return
    const known = this.drafts.get(key)
    if (known !== undefined && known.prior >= prior) return
    this.order += 1
    this.drafts.set(key, { tree, template, proposal, prior, order: this.order })
    if (this.drafts.size >= this.most * 2) this.prune()
  }

  sorted(): Draft<T>[] {
    const drafts = [...this.drafts.values()].sort(byPrior)
    drafts.length = Math.min(drafts.length, this.most)
    return drafts
  }

  private prune(): void {
    const priors = Float64Array.from(this.drafts.values(), (draft) => draft.prior).sort()
    this.least = Math.max(this.least, priors[priors.length - this.most] ?? 0)
    for (const [key, draft] of this.drafts) if (draft.prior < this.least) this.drafts.delete(key)
  }
}

/** Hands the drafts out in their order; `parses` is asked only about those whose turn it is. */
export function poolOf<T extends ParsedFile>(
  drafts: readonly Draft<T>[],
  parses: (tree: T, edit: TextEdit) => boolean,
): CandidatePool {
  let position = 0
  let id = 0
  return {
    size: drafts.length,
    take(count) {
      const taken: Candidate[] = []
      while (taken.length < count && position < drafts.length) {
        const draft = drafts[position]
        position += 1
        if (draft === undefined) continue
        const { tree, proposal } = draft
        const { start, end, replacement } = proposal
        const edit = { file: tree.path, start, end, replacement }
        if (!parses(tree, edit)) continue
        id += 1
        taken.push({
          id,
          edits: [edit],
          template: `${draft.template}/${proposal.variant}`,
          prior: draft.prior,
          line: tree.lineOf(start),
          description: proposal.description,
        })
      }
      return taken
    },
  }
}

/** The change itself, however it is written: without what the old and the new text have in common. Null for none. */
function identity({ path, text }: ParsedFile, { start, end, replacement }: Proposal): string | null {
  const old = text.slice(start, end)
  if (old === replacement) return null
  const most = Math.min(old.length, replacement.length)
  let tail = 0
  while (tail < most && old[old.length - 1 - tail] === replacement[replacement.length - 1 - tail]) tail += 1
  let head = 0
  while (head < most - tail && old[head] === replacement[head]) head += 1
  let [from, to, added] = [start + head, end - tail, replacement.slice(head, replacement.length - tail)]
  // What is only added or only removed may stand at several places with the same outcome: the first of them.
  while (from > 0 && added !== '' && from === to && text[from - 1] === added.at(-1)) {
    added = `${text[from - 1]}${added.slice(0, -1)}`
    from = to = from - 1
  }
  while (from > 0 && added === '' && from < to && text[from - 1] === text[to - 1]) {
    from -= 1
    to -= 1
  }
  return [path, from, to, added].join('\0')
}

function byPrior<T extends ParsedFile>(left: Draft<T>, right: Draft<T>): number {
  return right.prior - left.prior || left.order - right.order
}
