import { z } from 'zod'
import { plural } from '../../../kernel/index.ts'
import type { TreeEntry } from '../../repository/index.ts'
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

const parameters = z.strictObject({
  glob: z
    .string()
    .min(1)
    .max(512)
    .default('**')
    .describe('which files, for example `src/**/*.ts` or `**/{package,tsconfig}.json`'),
  path: z.string().max(4_096).default('').describe('folder to list; the root when absent'),
  limit: z.int().positive().max(2_000).default(200).describe('how many files to name'),
})

/** `files.list`: the files of the tree that match a glob. */
export function listFilesTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.list',
    summary:
      'Names the files of the repository that match a glob, with their sizes. Installed dependencies and files that git ignores are not among them. Without a glob it names the files of a folder, or its subfolders with the number of files in each when there are many.',
    parameters,
    output: developerOutputSchema,
    effect: 'read',
    permissions: ['repository:read'],
    async perform({ workspace, tree, arguments: { glob: pattern, path, limit } }, context) {
      const glob = compileGlob(pattern.replace(/^\.?\//, ''))
      if (glob === undefined)
        throw developmentErrors.PATTERN_INVALID({ detail: 'the glob stands for more than 64 patterns' })
      const folder = workspacePath(path)
      const prefix = folder === '' ? '' : `${folder}/`
      const repository = await openRepository(places, workspace, context)
      const inFolder = (await repository.listFiles(tree)).filter((file) => file.path.startsWith(prefix))
      if (inFolder.length === 0 && folder !== '') throw developmentErrors.FOLDER_ABSENT({ detail: folder })
      const everything = pattern === '**'
      const found = everything
        ? inFolder
        : inFolder.filter((file) => glob.matches(file.path.slice(prefix.length)))
      const text =
        everything && found.length > limit ? overview(found, prefix) : listing(found, limit, pattern)
      return { tree, changed: [], text }
    },
  })
}

function listing(files: readonly TreeEntry[], limit: number, pattern: string): string {
  if (files.length === 0) return `No file matches ${pattern}.`
  const lines = files.slice(0, limit).map(({ path, size, kind }) => {
    if (kind === 'link') return `${path} (symbolic link)`
    return kind === 'submodule' ? `${path} (submodule)` : `${path} (${size} bytes)`
  })
  const rest = files.length - lines.length
  return [...lines, ...(rest > 0 ? [`… and ${rest} more; narrow the glob or raise the limit`] : [])].join(
    '\n',
  )
}

const mostFolders = 200

/** What lies directly in a folder: its files, and its subfolders with the number of files in each. */
function overview(files: readonly TreeEntry[], prefix: string): string {
  const counts = new Map<string, number>()
  for (const { path } of files) {
    const rest = path.slice(prefix.length)
    const slash = rest.indexOf('/')
    const name = slash === -1 ? rest : rest.slice(0, slash + 1)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const lines = [...counts].map(([name, count]) =>
    name.endsWith('/') ? `${prefix}${name} (${plural(count, 'file')})` : `${prefix}${name}`,
  )
  const rest = lines.length - mostFolders
  return [
    `${files.length} files, by folder:`,
    ...lines.slice(0, mostFolders),
    ...(rest > 0 ? [`… and ${rest} more`] : []),
  ].join('\n')
}
