import { z } from 'zod'
import type { Principal, Tool, ToolContext } from '../../contracts/index.ts'
import type { CodePassage, CodeQuestion, CodeSearchPort } from '../../execution/development/index.ts'
import { type Workspace, workspaceSchema } from '../../execution/tools/index.ts'
import { errorCodes, type TenantId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import { assembleContext } from './assembly/assemble.ts'
import type { AssembledContext, ContextSuspect } from './assembly/piece.ts'
import type { BackgroundIndexer } from './background-indexer.ts'
import { contextErrors } from './errors.ts'
import type { Reader, RepositorySource } from './ports.ts'
import { presentContext } from './present-context.ts'
import { CodeSearch } from './search.ts'
import { findSymbol } from './symbols.ts'
import { parseQuery } from './words/query.ts'

export interface RunCodeServices {
  readonly database: Database
  readonly indexer: BackgroundIndexer
  /** The studio's copy of a repository. */
  readonly openSource: (tenantId: TenantId, location: string) => Promise<RepositorySource>
  /** What of a repository may be read by whoever acts, which for an agent is what its person may read. */
  readonly readerOf: (principal: Principal, location: string) => Promise<Reader>
}

/** What the steps of a run are told of the code they work on. */
export interface RunCode {
  /** `context.assemble`: what to read for a piece of work. */
  readonly assemble: Tool<AssemblyInput, AssemblyOutput>
  readonly search: CodeSearchPort
}

const inputSchema = z.object({
  workspace: workspaceSchema,
  issue: z.object({ title: z.string(), body: z.string() }),
  tokens: z.int().positive().max(200_000),
  /** Places that may hold the fault, as the repair found them. */
  suspects: z.array(z.object({ place: z.string(), why: z.string() })).default([]),
})
type AssemblyInput = z.infer<typeof inputSchema>

const outputSchema = z.object({
  /** Markdown; text of the repository stands in it. */
  text: z.string(),
  tokens: z.int(),
  /** What was shown, and as what, for the record. */
  shown: z.array(z.object({ path: z.string(), startLine: z.int(), endLine: z.int(), role: z.string() })),
})
type AssemblyOutput = z.infer<typeof outputSchema>

/** Code search for the steps of runs: on the base revision, within what may be read. */
export function createRunCode(services: RunCodeServices): RunCode {
  const search = new CodeSearch(services.database)
  return {
    assemble: {
      name: 'context.assemble',
      summary: 'Puts together the code to read for a piece of work, within a budget of tokens.',
      input: inputSchema,
      output: outputSchema,
      effect: 'read',
      permissions: ['repository:read'],
      failureModes: errorCodes(contextErrors),
      worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 600 },
      async perform({ workspace, issue, tokens, suspects }, context) {
        const found = await assembleFor(services, search, { workspace, ...issue, tokens, suspects }, context)
        if (found === undefined) return { text: 'No code matches.', tokens: 0, shown: [] }
        return {
          text: presentContext(found),
          tokens: found.tokens,
          shown: found.pieces.map(({ path, startLine, endLine, role }) => ({
            path,
            startLine,
            endLine,
            role,
          })),
        }
      },
    },
    search: {
      find: (question, context) =>
        question.kind === 'symbol'
          ? findNamed(services, search, question, context)
          : findMeant(services, search, question, context),
    },
  }
}

/** Tokens that passages found by their meaning may take, each about as much as a function. */
const tokensPerPassage = 400

async function findMeant(
  services: RunCodeServices,
  search: CodeSearch,
  { workspace, query, limit }: CodeQuestion,
  context: ToolContext,
): Promise<readonly CodePassage[]> {
  const tokens = limit * tokensPerPassage
  const request = { workspace, title: query, body: '', tokens, suspects: [] }
  const found = await assembleFor(services, search, request, context)
  return (found?.pieces ?? []).map(({ path, startLine, endLine, header, text, role, why }) => ({
    path,
    startLine,
    endLine,
    text: header === '' ? text : `${header}…\n${text}`,
    reason: [role, ...why].join('; '),
  }))
}

async function findNamed(
  services: RunCodeServices,
  search: CodeSearch,
  { workspace, query, limit }: CodeQuestion,
  context: ToolContext,
): Promise<readonly CodePassage[]> {
  const parsed = parseQuery(query)
  if (parsed.terms.size === 0) return []
  const { scope, source, reader, commit } = await openIndexed(services, workspace, context)
  const ranked = await search.search(scope, { location: source.location, commit, query: parsed, reader })
  const { definitions, references } = findSymbol(query, ranked, limit)
  const passage = (reason: string) => (place: (typeof definitions)[number]) => ({
    path: place.path,
    startLine: place.startLine,
    endLine: place.endLine,
    text: place.signature,
    reason: place.within.length === 0 ? reason : `${reason}, in ${place.within.join('.')}`,
  })
  return [...definitions.map(passage('defines it')), ...references.map(passage('uses it'))]
}

async function assembleFor(
  services: RunCodeServices,
  search: CodeSearch,
  request: {
    readonly workspace: Workspace
    readonly title: string
    readonly body: string
    readonly tokens: number
    readonly suspects: AssemblyInput['suspects']
  },
  context: ToolContext,
): Promise<AssembledContext | undefined> {
  const query = parseQuery(request.title, request.body)
  if (query.terms.size === 0) return undefined
  const { scope, source, reader, commit } = await openIndexed(services, request.workspace, context)
  return assembleContext(search, scope, {
    source,
    revision: { commit, tree: request.workspace.base.tree },
    query,
    reader,
    tokens: request.tokens,
    suspects: request.suspects.flatMap(readSuspect),
  })
}

/** The base revision of a workspace, indexed. */
async function openIndexed(
  { indexer, openSource, readerOf }: RunCodeServices,
  { location, base }: Workspace,
  { tenantId, principal }: ToolContext,
) {
  const scope = { kind: 'tenant' as const, tenantId, principalId: principal.id }
  const source = await openSource(tenantId, location)
  await indexer.index(scope, { source, revision: base })
  return { scope, source, reader: await readerOf(principal, source.location), commit: base.commit }
}

/** `file:line`, the most suspicious first, as an escalation names its places. */
function readSuspect({ place, why }: AssemblyInput['suspects'][number], position: number): ContextSuspect[] {
  const match = /^(.+):(\d+)$/.exec(place)
  if (match === null) return []
  const [, file = '', line = '1'] = match
  return [{ file, line: Number(line), score: 1 / (1 + position), reasons: [why] }]
}
