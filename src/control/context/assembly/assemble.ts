import { Lines } from '../chunking/index.ts'
import type { FileKind } from '../kinds.ts'
import type { Reader, RepositorySource, Revision } from '../ports.ts'
import { type RankedFile, reasonsOf } from '../ranking/rank.ts'
import { learntWeights } from '../ranking/weights.ts'
import type { CodeSearch, SearchRequest } from '../search.ts'
import type { TenantScope } from '../scope.ts'
import type { Query } from '../words/query.ts'
import { type Proposal, propose } from './select.ts'
import { estimateTokens } from './tokens.ts'

/** A chunk as it is shown. */
export interface ContextPiece {
  readonly path: string
  /** From 1, both included. */
  readonly startLine: number
  readonly endLine: number
  readonly commit: string
  readonly kind: FileKind
  readonly symbols: readonly string[]
  /** The lines of enclosing definitions, and the lines themselves. */
  readonly header: string
  readonly text: string
  readonly tokens: number
  /** The features that brought it up, the strongest first. */
  readonly why: readonly string[]
}

/** A chunk for which the budget had no room. */
interface LeftOut {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
  readonly tokens: number
}

/** What is shown for a question, and the record of what is not. */
export interface AssembledContext {
  readonly commit: string
  readonly budget: number
  readonly tokens: number
  readonly pieces: readonly ContextPiece[]
  /** The most useful first. */
  readonly leftOut: readonly LeftOut[]
}

export interface ContextRequest {
  readonly source: RepositorySource
  readonly revision: Revision
  readonly query: Query
  readonly reader: Reader
  /** At most this many, by estimate. */
  readonly tokens: number
}

/** Parts of the budget for what binds or shows the code: rules and decisions, and tests. Code takes what they leave. */
const companions: readonly { readonly kind: FileKind; readonly share: number; readonly files: number }[] = [
  { kind: 'documentation', share: 0.05, files: 2 },
  { kind: 'test', share: 0.05, files: 3 },
]
/** What those who work on the repository must keep to. */
const rulesFile = 'AGENTS.md'
/** Companions are shown only where they speak of the matter. */
const leastFit = 0.5
const maxLeftOut = 50
/** Tokens for the line that says where a piece is from. */
const labelTokens = 20

/** Puts together what a model or a person should read for a question, within a budget of tokens. */
export async function assembleContext(
  search: CodeSearch,
  scope: TenantScope,
  request: ContextRequest,
): Promise<AssembledContext> {
  const { source, revision, query, reader, tokens: budget } = request
  const searchRequest: SearchRequest = { location: source.location, commit: revision.commit, query, reader }
  const reading = new Reading(source, revision)
  const pieces: ContextPiece[] = []
  let used = 0
  for (const { kind, share, files } of companions) {
    const ranked = await search.search(scope, { ...searchRequest, kinds: [kind], also: [rulesFile] })
    const rules = ranked.filter(({ path }) => path === rulesFile)
    const others = ranked.filter(({ path }) => path !== rulesFile).slice(0, files)
    const proposals = [...propose(rules), ...propose(others).filter(({ fit }) => fit >= leastFit)]
    const { taken } = await fill(reading, proposals, Math.floor(budget * share), kind)
    pieces.push(...taken)
    used += sumTokens(taken)
  }
  const ranked = await search.search(scope, searchRequest)
  const { taken, leftOut } = await fill(reading, propose(ranked), budget - used, 'source')
  const code = importantAtBothEnds(taken, ranked)
  return {
    commit: revision.commit,
    budget,
    tokens: used + sumTokens(code),
    pieces: [
      ...code.slice(0, Math.ceil(code.length / 2)),
      ...pieces,
      ...code.slice(Math.ceil(code.length / 2)),
    ],
    leftOut,
  }
}

function sumTokens(pieces: readonly ContextPiece[]): number {
  return pieces.reduce((sum, { tokens }) => sum + tokens, 0)
}

/** Takes proposals in their order as long as they fit. */
async function fill(
  reading: Reading,
  proposals: readonly Proposal[],
  budget: number,
  kind: FileKind,
): Promise<{ readonly taken: readonly ContextPiece[]; readonly leftOut: readonly LeftOut[] }> {
  const taken: ContextPiece[] = []
  const leftOut: LeftOut[] = []
  let left = budget
  for (const proposal of proposals) {
    // Nothing fits any more, and enough is said about what is missing.
    if (left < labelTokens * 2 || leftOut.length >= maxLeftOut) break
    const piece = await reading.piece(proposal, kind)
    if (piece === undefined) continue
    const { path, startLine, endLine, tokens } = piece
    if (tokens > left) leftOut.push({ path, startLine, endLine, tokens })
    else {
      taken.push(piece)
      left -= tokens
    }
  }
  return { taken, leftOut }
}

/**
 * Files from the best in the order first, last, second, second to last …: what stands in the middle of a long context is
 * overlooked most (Liu et al., "Lost in the Middle", 2023). Within a file pieces keep their order.
 */
function importantAtBothEnds(
  pieces: readonly ContextPiece[],
  ranked: readonly RankedFile[],
): readonly ContextPiece[] {
  const byPath = Map.groupBy(pieces, ({ path }) => path)
  const first: ContextPiece[][] = []
  const last: ContextPiece[][] = []
  for (const { path } of ranked) {
    const own = byPath.get(path)?.toSorted((one, other) => one.startLine - other.startLine)
    if (own === undefined) continue
    if (first.length <= last.length) first.push(own)
    else last.push(own)
  }
  return [...first, ...last.reverse()].flat()
}

/** Reads files of one commit once. */
class Reading {
  readonly #source: RepositorySource
  readonly #revision: Revision
  readonly #files = new Map<string, Lines | undefined>()

  constructor(source: RepositorySource, revision: Revision) {
    this.#source = source
    this.#revision = revision
  }

  async piece({ file, chunk }: Proposal, kind: FileKind): Promise<ContextPiece | undefined> {
    const lines = await this.#linesOf(file.path)
    if (lines === undefined) return undefined
    const { startLine, endLine, headerLines, symbols, within } = chunk
    const header = headerLines.map((line) => lines.slice(line - 1, line - 1)).join('')
    const text = lines.slice(startLine - 1, endLine - 1)
    return {
      path: file.path,
      startLine,
      endLine,
      commit: this.#revision.commit,
      kind,
      symbols: symbols.length > 0 ? symbols : within.slice(-1),
      header,
      text,
      tokens: estimateTokens(header) + estimateTokens(text) + labelTokens,
      why: reasonsOf(file, learntWeights).slice(0, 4),
    }
  }

  async #linesOf(path: string): Promise<Lines | undefined> {
    if (!this.#files.has(path)) {
      const content = (await this.#source.readFiles(this.#revision.tree, [path])).get(path)
      const text = content && new TextDecoder('utf-8').decode(content).replaceAll('\0', '�')
      this.#files.set(path, text === undefined ? undefined : new Lines(text))
    }
    return this.#files.get(path)
  }
}
