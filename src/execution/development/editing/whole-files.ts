import { z } from 'zod'
import type { FileChange, TreeEntry } from '../../repository/index.ts'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  type DeveloperOutput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { developmentErrors } from '../errors.ts'
import { type DevelopmentPlaces, openRepository } from '../places.ts'
import { explainAbsence } from '../reading/near-paths.ts'
import { filePath } from '../workspace-path.ts'
import { changeTree, refuseBroken, refuseProtected } from './change-tree.ts'

const createParameters = z.strictObject({
  path: z.string().min(1).max(4_096).describe('new file, relative to the root; its folders are made'),
  content: z.string().max(1_000_000).describe('all of its text'),
  overwrite: z.boolean().default(false).describe('replace a file that is there already'),
  executable: z.boolean().default(false).describe('make it executable, for scripts'),
  allowBroken: z.boolean().default(false).describe('write it even if it does not parse'),
})

/** `files.create`: writes a whole text file. */
export function createFileTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof createParameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.create',
    summary:
      'Writes a new text file. Use files.edit for files that exist; with `overwrite` all of such a file is replaced.',
    parameters: createParameters,
    output: developerOutputSchema,
    effect: 'workspace',
    permissions: ['workspace:edit'],
    async perform({ workspace, tree, arguments: wanted }, context) {
      const { content, overwrite, executable, allowBroken } = wanted
      const path = filePath(wanted.path)
      refuseProtected(places, path)
      const repository = await openRepository(places, workspace, context)
      const exists = (await repository.listFiles(tree)).some((file) => file.path === path)
      if (exists && !overwrite) throw developmentErrors.FILE_EXISTS({ detail: path })
      if (!allowBroken) await refuseBroken({ path, before: null, after: content })
      const change: FileChange = {
        kind: 'write',
        path,
        content,
        ...(executable ? { mode: 'executable' } : {}),
      }
      return changeTree(places, repository, tree, [change], context)
    },
  })
}

const deleteParameters = z.strictObject({
  paths: z
    .array(z.string().min(1).max(4_096))
    .min(1)
    .max(50)
    .describe('files, or folders with all that is in them, relative to the root'),
})

/** `files.delete`: removes files and folders. */
export function deleteFilesTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof deleteParameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.delete',
    summary: 'Removes files, or folders with all that is in them.',
    parameters: deleteParameters,
    output: developerOutputSchema,
    effect: 'workspace',
    permissions: ['workspace:edit'],
    async perform({ workspace, tree, arguments: { paths } }, context) {
      const repository = await openRepository(places, workspace, context)
      const files = await repository.listFiles(tree)
      const doomed = new Set<string>()
      for (const path of paths.map(filePath)) {
        const below = filesAt(files, path)
        if (below.length === 0) throw await explainAbsence(repository, tree, path)
        for (const file of below) doomed.add(file.path)
      }
      const changes = [...doomed].map((path): FileChange => ({ kind: 'delete', path }))
      return changeTree(places, repository, tree, changes, context)
    },
  })
}

const moveParameters = z.strictObject({
  from: z.string().min(1).max(4_096).describe('file or folder, relative to the root'),
  to: z.string().min(1).max(4_096).describe('its new path'),
})

/** `files.move`: gives a file or folder another path. */
export function moveFilesTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof moveParameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.move',
    summary:
      'Moves or renames a file or a folder. What refers to it, such as imports, has to be edited by itself.',
    parameters: moveParameters,
    output: developerOutputSchema,
    effect: 'workspace',
    permissions: ['workspace:edit'],
    async perform({ workspace, tree, arguments: wanted }, context) {
      const [from, to] = [filePath(wanted.from), filePath(wanted.to)]
      const repository = await openRepository(places, workspace, context)
      const files = await repository.listFiles(tree)
      const moved = filesAt(files, from)
      if (moved.length === 0) throw await explainAbsence(repository, tree, from)
      const [taken] = filesAt(files, to)
      if (taken !== undefined) throw developmentErrors.FILE_EXISTS({ detail: taken.path })
      const special = moved.find(({ kind }) => kind !== 'file' && kind !== 'executable')
      if (special !== undefined)
        throw developmentErrors.NOT_TEXT({
          detail: `${special.path} is a ${special.kind === 'link' ? 'symbolic link' : 'submodule'}`,
        })
      const contents = await repository.readFiles(
        tree,
        moved.map(({ path }) => path),
      )
      const changes = moved.flatMap(({ path, kind }): FileChange[] => [
        { kind: 'delete', path },
        {
          kind: 'write',
          path: to + path.slice(from.length),
          content: contents.get(path) ?? '',
          mode: kind === 'executable' ? 'executable' : 'file',
        },
      ])
      return changeTree(places, repository, tree, changes, context)
    },
  })
}

/** The file at a path, or all files below it. */
function filesAt(files: readonly TreeEntry[], path: string): readonly TreeEntry[] {
  return files.filter((file) => file.path === path || file.path.startsWith(`${path}/`))
}
