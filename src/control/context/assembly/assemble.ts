import type { FileKind } from '../kinds.ts'
import type { Reader, RepositorySource, Revision } from '../ports.ts'
import type { RankedFile } from '../ranking/rank.ts'
import type { CodeSearch } from '../search.ts'
import type { TenantScope } from '../scope.ts'
import type { Query } from '../words/query.ts'
import { proposeDocuments, proposeRules, proposeTests, rulesPaths, testPaths } from './companions.ts'
import { importPaths, proposeNeighbours } from './neighbours.ts'
import type { AssembledContext, ContextPiece, ContextSuspect, LeftOut, PieceRole } from './piece.ts'
import { Filler } from './reading.ts'
import { type Proposal, propose } from './select.ts'
import { proposeSuspects } from './suspects.ts'
import { tokenCounter } from './tokens.ts'

export interface ContextRequest {
  readonly source: RepositorySource
  readonly revision: Revision
  readonly query: Query
  readonly reader: Reader
  /** At most this many, with what says where each piece is from. */
  readonly tokens: number
  /** Places that may hold the fault, when somebody has looked already. */
  readonly suspects?: readonly ContextSuspect[]
}

/** Parts of the budget that are kept for each role. What one leaves, the code takes. */
const shares: Readonly<Record<Exclude<PieceRole, 'code'>, number>> = {
  suspect: 0.4,
  rules: 0.03,
  decision: 0.03,
  test: 0.03,
  neighbour: 0.03,
}
/** Files from the top of the ranking whose rules and tests are looked for. */
const boundFiles = 5

/** Puts together what a model or a person should read for a question, within a budget of tokens. */
export async function assembleContext(
  search: CodeSearch,
  scope: TenantScope,
  { source, revision, query, reader, tokens: budget, suspects = [] }: ContextRequest,
): Promise<AssembledContext> {
  const ranked = (kind: FileKind, also: readonly string[]): Promise<readonly RankedFile[]> =>
    search.search(scope, {
      ...{ location: source.location, commit: revision.commit, query, reader },
      ...{ kinds: [kind], also },
    })
  const files = await ranked('source', [...new Set(suspects.map(({ file }) => file))])
  const bound = files.slice(0, boundFiles)
  const boundPaths = bound.map(({ path }) => path)
  const documents = await ranked('documentation', rulesPaths(boundPaths))
  const tests = await ranked('test', boundPaths.flatMap(testPaths))
  const binding = new Set(rulesPaths(boundPaths))
  const rules = documents.filter(({ path }) => binding.has(path))
  const { proposals: suspected, missing } = proposeSuspects(suspects, files)

  const filler = new Filler(source, revision, await tokenCounter())
  const pieces = new Map<PieceRole, readonly ContextPiece[]>()
  const leftOut: LeftOut[] = [...missing]
  let used = 0
  const take = async (role: PieceRole, proposals: readonly Proposal[], room: number): Promise<void> => {
    const filling = await filler.fill(proposals, Math.min(Math.floor(room), budget - used), role)
    pieces.set(role, filling.taken)
    if (role === 'code' || role === 'suspect') leftOut.push(...filling.leftOut)
    used += filling.tokens
  }
  await take('suspect', suspected, budget * shares.suspect)
  await take('rules', proposeRules(rules), budget * shares.rules)
  await take('decision', proposeDocuments(documents), budget * shares.decision)
  await take('test', proposeTests(tests, bound), budget * shares.test)
  await take('code', propose(files), budget - used - budget * shares.neighbour)
  const shown = [...(pieces.get('suspect') ?? []), ...(pieces.get('code') ?? [])]
  const around = await ranked('source', importPaths(bound))
  await take('neighbour', proposeNeighbours(shown, around), budget - used)
  const of = (...roles: readonly PieceRole[]) => roles.flatMap((role) => pieces.get(role) ?? [])
  const code = importantAtBothEnds(of('code'), files)
  const middle = Math.ceil(code.length / 2)
  return {
    commit: revision.commit,
    budget,
    tokens: used,
    pieces: [
      ...of('rules', 'suspect'),
      ...code.slice(0, middle),
      ...of('decision', 'neighbour', 'test'),
      ...code.slice(middle),
    ],
    leftOut,
  }
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
