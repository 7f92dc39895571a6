import { z } from 'zod'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  type DeveloperOutput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { type DevelopmentPlaces, openRepository } from '../places.ts'
import { filePath } from '../workspace-path.ts'
import { numberedLines, splitLines } from './numbered-lines.ts'
import { readText } from './text.ts'

const mostLines = 2_000

const parameters = z.strictObject({
  path: z.string().min(1).max(4_096).describe('file, relative to the root of the repository'),
  startLine: z.int().positive().default(1).describe('first line to read, counted from 1'),
  lineCount: z.int().positive().max(mostLines).default(400).describe('how many lines to read'),
})

/** `files.read`: lines of a text file, numbered. */
export function readFileTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.read',
    summary:
      'Reads a window of a text file. Each line comes with its number and a tab, which are not part of the file. Says how many lines there are; read on with `startLine`.',
    parameters,
    output: developerOutputSchema,
    effect: 'read',
    permissions: ['repository:read'],
    async perform({ workspace, tree, arguments: { path: written, startLine, lineCount } }, context) {
      const repository = await openRepository(places, workspace, context)
      const path = filePath(written)
      const lines = splitLines(await readText(repository, tree, path))
      const last = Math.min(lines.length, startLine + lineCount - 1)
      return { tree, changed: [], text: present(path, lines, startLine, last) }
    },
  })
}

function present(path: string, lines: readonly string[], first: number, last: number): string {
  if (lines.length === 0) return `${path} is empty.`
  if (first > lines.length) return `${path} has ${lines.length} lines; there is no line ${first}.`
  const { text, through } = numberedLines(lines, first, last)
  const rest = through < lines.length ? `; read on with startLine ${through + 1}` : ''
  return `${path}, lines ${first} to ${through} of ${lines.length}${rest}\n${text}`
}
