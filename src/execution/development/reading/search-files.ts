import { z } from 'zod'
import { type FoundLine, repositoryErrors } from '../../repository/index.ts'
import { AtelierError } from '../../../kernel/index.ts'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  type DeveloperOutput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { developmentErrors } from '../errors.ts'
import { type DevelopmentPlaces, openRepository } from '../places.ts'
import { workspacePath } from '../workspace-path.ts'
import { compileGlob } from './glob.ts'
import { shortened } from './numbered-lines.ts'

const parameters = z.strictObject({
  pattern: z.string().min(1).max(1_000).describe('text to search for, within one line'),
  regex: z.boolean().default(false).describe('whether the pattern is a Perl-compatible regular expression'),
  ignoreCase: z.boolean().default(false).describe('whether upper and lower case are the same'),
  path: z.string().max(4_096).default('').describe('folder or file to search in; everything when absent'),
  glob: z.string().min(1).max(512).optional().describe('only files that match, for example `**/*.ts`'),
  contextLines: z.int().nonnegative().max(10).default(0).describe('lines to show around each match'),
  limit: z.int().positive().max(500).default(100).describe('how many matching lines to show'),
})

/** `files.search`: lines of the tree's text files that match. */
export function searchFilesTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.search',
    summary:
      'Finds lines in the text files of the repository, literally or by a regular expression, as `path:line: text`. Installed dependencies and files that git ignores are not searched.',
    parameters,
    output: developerOutputSchema,
    effect: 'read',
    permissions: ['repository:read'],
    async perform({ workspace, tree, arguments: search }, context) {
      const { pattern, regex, ignoreCase, contextLines, limit } = search
      if (/[\n\r\0]/.test(pattern))
        throw developmentErrors.PATTERN_INVALID({ detail: 'a pattern matches within one line' })
      const glob = search.glob === undefined ? undefined : compileGlob(search.glob)
      if (search.glob !== undefined && glob === undefined)
        throw developmentErrors.PATTERN_INVALID({ detail: 'the glob stands for more than 64 patterns' })
      const folder = workspacePath(search.path)
      const repository = await openRepository(places, workspace, context)
      const found = await repository
        .searchText(tree, {
          pattern,
          isRegex: regex,
          ignoreCase,
          contextLines,
          paths: folder === '' ? [] : [folder],
          signal: context.signal,
        })
        .catch((error: unknown) => {
          throw explained(error)
        })
      const lines = glob === undefined ? found : found.filter((line) => glob.matches(line.path))
      return { tree, changed: [], text: present(lines, limit, contextLines > 0) }
    },
  })
}

function explained(error: unknown): unknown {
  if (!(error instanceof AtelierError)) return error
  switch (error.code) {
    case repositoryErrors.PATTERN_INVALID.code:
      return developmentErrors.PATTERN_INVALID({ detail: error.message, cause: error })
    case repositoryErrors.TIMED_OUT.code:
      return developmentErrors.PATTERN_INVALID({ detail: 'searching for it took too long', cause: error })
    case repositoryErrors.TOO_LARGE.code:
      return developmentErrors.TOO_LARGE({ detail: 'very many lines match', cause: error })
    default:
      return error
  }
}

const longestLine = 300
const longestText = 40_000

function present(lines: readonly FoundLine[], limit: number, hasContext: boolean): string {
  const matches = lines.filter(({ column }) => column !== undefined).length
  if (matches === 0) return 'Nothing matches.'
  const shown: string[] = []
  let count = 0
  let length = 0
  let previous: FoundLine | undefined
  for (const line of lines) {
    const isMatch = line.column !== undefined
    if (isMatch && count === limit) break
    if (
      hasContext &&
      previous !== undefined &&
      (previous.path !== line.path || line.line > previous.line + 1)
    )
      shown.push('--')
    const text = `${line.path}:${line.line}${isMatch ? ':' : '-'} ${around(line)}`
    length += text.length + 1
    if (length > longestText) break
    shown.push(text)
    if (isMatch) count += 1
    previous = line
  }
  const files = new Set(lines.map(({ path }) => path)).size
  const rest = matches > count ? `; ${count} are shown, narrow the path, glob or pattern for the others` : ''
  return `${matches} matching lines in ${files} files${rest}\n${shown.join('\n')}`
}

/** Of a long line, what stands around the match. */
function around({ text, column = 1 }: FoundLine): string {
  if (text.length <= longestLine) return text
  const start = Math.max(0, Math.min(column - 1, text.length) - longestLine / 2)
  return `${start > 0 ? '…' : ''}${shortened(text.slice(start), longestLine)}`
}
