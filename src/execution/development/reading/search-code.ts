import { z } from 'zod'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  type DeveloperOutput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { developmentErrors } from '../errors.ts'
import { type CodePassage, type DevelopmentPlaces, openRepository } from '../places.ts'
import { shortened } from './numbered-lines.ts'

const parameters = z.strictObject({
  query: z
    .string()
    .min(1)
    .max(10_000)
    .describe('a question, an error message or names; for `symbol` the name of a function, type or variable'),
  kind: z
    .enum(['meaning', 'symbol'])
    .default('meaning')
    .describe('`meaning`: code that the query is about; `symbol`: where the name is defined and used'),
  limit: z.int().positive().max(30).default(8).describe('how many passages to show'),
})

const longestText = 40_000

/** `code.search`: what the index of the code knows about a question or a symbol. */
export function searchCodeTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'code.search',
    summary:
      'Finds the passages of code that a question, an error message or an issue is about, or where a symbol is defined and used. It knows the code as it was before your changes; use files.search for exact text.',
    parameters,
    output: developerOutputSchema,
    effect: 'read',
    permissions: ['repository:read'],
    async perform({ workspace, tree, arguments: { query, kind, limit } }, context) {
      if (places.codeSearch === undefined) throw developmentErrors.SEARCH_UNAVAILABLE()
      const passages = await places.codeSearch.find({ workspace, kind, query, limit }, context)
      const repository = await openRepository(places, workspace, context)
      const differences =
        tree === workspace.base.tree ? [] : await repository.differences(workspace.base.tree, tree)
      const changed = new Set(differences.map(({ path }) => path))
      return { tree, changed: [], text: present(passages.slice(0, limit), changed) }
    },
  })
}

function present(passages: readonly CodePassage[], changed: ReadonlySet<string>): string {
  if (passages.length === 0) return 'Nothing was found. Try other words, or files.search with an exact name.'
  const pieces: string[] = []
  let length = 0
  for (const { path, startLine, endLine, text, reason } of passages) {
    const stale = changed.has(path) ? ' (you have changed this file since; read it for its present text)' : ''
    const lines = text.split('\n').map((line) => shortened(line, 300))
    const piece = `${path}:${startLine}-${endLine} — ${reason}${stale}\n${lines.join('\n')}`
    length += piece.length
    if (length > longestText && pieces.length > 0) break
    pieces.push(piece)
  }
  const rest = passages.length - pieces.length
  return [...pieces, ...(rest > 0 ? [`… and ${rest} more passages`] : [])].join('\n\n')
}
