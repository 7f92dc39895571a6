import { z } from 'zod'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  type DeveloperOutput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { type DevelopmentPlaces, openRepository } from '../places.ts'
import { readText } from '../reading/text.ts'
import { filePath } from '../workspace-path.ts'
import { changeTree, refuseBroken, refuseProtected } from './change-tree.ts'
import { replaceText } from './replace-text.ts'

const longestText = 1_000_000

const parameters = z.strictObject({
  path: z.string().min(1).max(4_096).describe('file to edit, relative to the root of the repository'),
  edits: z
    .array(
      z.strictObject({
        find: z
          .string()
          .min(1)
          .max(longestText)
          .describe(
            'text to replace, exactly as it stands in the file, with its indentation and without line numbers; has to be unique, so take neighbouring lines along',
          ),
        replace: z.string().max(longestText).describe('text to put in its place; empty to remove it'),
        all: z.boolean().default(false).describe('replace every occurrence instead of the only one'),
      }),
    )
    .min(1)
    .max(50)
    .describe('replacements, made in their order; if one does not fit, none is made'),
  allowBroken: z
    .boolean()
    .default(false)
    .describe('edit even if the file does not parse afterwards, because the next edit repairs it'),
})

/** `files.edit`: replaces text in one file. */
export function editFileTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, DeveloperOutput> {
  return defineDeveloperTool({
    name: 'files.edit',
    summary:
      'Replaces text in one file: each `find` has to stand in it exactly once. Refused, with the place, when the file would no longer parse.',
    parameters,
    output: developerOutputSchema,
    effect: 'workspace',
    permissions: ['workspace:edit'],
    async perform({ workspace, tree, arguments: { path: written, edits, allowBroken } }, context) {
      const path = filePath(written)
      refuseProtected(places, path)
      const repository = await openRepository(places, workspace, context)
      const before = await readText(repository, tree, path)
      const after = replaceText(path, before, edits)
      if (!allowBroken) await refuseBroken({ path, before, after })
      return changeTree(places, repository, tree, [{ kind: 'write', path, content: after }], context)
    },
  })
}
