import { z } from 'zod'
import type { FileChange, Repository } from '../../repository/index.ts'
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
import { textOf } from '../reading/text.ts'
import { filePath } from '../workspace-path.ts'
import { changeTree, refuseBroken, refuseProtected, type TextChange } from './change-tree.ts'
import { applyHunks, type PatchedFile, readPatch } from './unified-patch.ts'

const parameters = z.strictObject({
  patch: z
    .string()
    .min(1)
    .max(2_000_000)
    .describe(
      'unified diff: `--- a/path`, `+++ b/path` (`/dev/null` for files that it adds or deletes), then hunks; numbers of lines need not be right, the lines themselves have to be',
    ),
  allowBroken: z
    .boolean()
    .default(false)
    .describe('apply even if a file does not parse afterwards, because the next edit repairs it'),
})

/** `files.patch`: applies a unified diff over any number of files. */
export function patchFilesTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.patch',
    summary:
      'Applies a unified diff over one or several files, completely or not at all. Refused, with the place, when a file would no longer parse.',
    parameters,
    output: developerOutputSchema,
    effect: 'workspace',
    permissions: ['workspace:edit'],
    async perform({ workspace, tree, arguments: { patch, allowBroken } }, context) {
      const files = readPatch(patch)
      const repository = await openRepository(places, workspace, context)
      const state = new PatchedTree(repository, tree)
      for (const file of files) {
        for (const path of [file.oldPath, file.newPath])
          if (path !== null) refuseProtected(places, filePath(path))
        await state.apply(file)
      }
      if (!allowBroken) for (const change of state.textChanges()) await refuseBroken(change)
      return changeTree(places, repository, tree, state.changes(), context)
    },
  })
}

/** The files of a tree while a patch changes them; one file may be named more than once. */
class PatchedTree {
  readonly #repository: Repository
  readonly #tree: string
  /** Texts before and now; null for what does not exist. */
  readonly #files = new Map<string, { readonly before: string | null; readonly now: string | null }>()

  constructor(repository: Repository, tree: string) {
    this.#repository = repository
    this.#tree = tree
  }

  async apply({ oldPath, newPath, hunks }: PatchedFile): Promise<void> {
    if (oldPath === null) {
      await this.#add(filePath(newPath ?? ''), applyHunks(newPath ?? '', '', hunks))
      return
    }
    const source = filePath(oldPath)
    const text = (await this.#file(source)).now
    if (text === null) throw await explainAbsence(this.#repository, this.#tree, source)
    const result = applyHunks(source, text, hunks)
    if (newPath === null) {
      if (result.trim() !== '')
        throw developmentErrors.TEXT_NOT_FOUND({
          detail: `${source} is to be deleted, but the patch leaves lines of it`,
        })
      this.#put(source, null)
      return
    }
    const target = filePath(newPath)
    if (target === source) this.#put(source, result)
    else {
      await this.#add(target, result)
      this.#put(source, null)
    }
  }

  changes(): readonly FileChange[] {
    return [...this.#files].flatMap(([path, { before, now }]): FileChange[] => {
      if (now === before) return []
      return [now === null ? { kind: 'delete', path } : { kind: 'write', path, content: now }]
    })
  }

  textChanges(): readonly TextChange[] {
    return [...this.#files].flatMap(([path, { before, now }]) =>
      now === null || now === before ? [] : [{ path, before, after: now }],
    )
  }

  async #add(path: string, text: string): Promise<void> {
    if ((await this.#file(path)).now !== null) throw developmentErrors.FILE_EXISTS({ detail: path })
    this.#put(path, text)
  }

  #put(path: string, now: string | null): void {
    this.#files.set(path, { before: this.#files.get(path)?.before ?? null, now })
  }

  async #file(path: string): Promise<{ readonly before: string | null; readonly now: string | null }> {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const content = (await this.#repository.readFiles(this.#tree, [path])).get(path)
    const text = content === undefined ? null : textOf(path, content)
    const file = { before: text, now: text }
    this.#files.set(path, file)
    return file
  }
}
