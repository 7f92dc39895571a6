import { z } from 'zod'
import { type Change, changeSchema, type Tool } from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import { repositoryErrors, type RepositoryHost } from '../repository/index.ts'
import { workspaceSchema } from './workspace.ts'

const inputSchema = z.object({ workspace: workspaceSchema, tree: z.string() })

/** `change.describe`: the difference of a tree to the base revision of its run. */
export function describeTool(repositories: RepositoryHost): Tool<z.infer<typeof inputSchema>, Change> {
  return {
    name: 'change.describe',
    summary: 'Describes what a tree changes of the base revision: the patch, files and symbols.',
    input: inputSchema,
    output: changeSchema,
    effect: 'read',
    permissions: ['repository:read'],
    failureModes: errorCodes(repositoryErrors),
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 120 },
    async perform({ workspace, tree }, { tenantId }) {
      const repository = await repositories.open({ tenantId, location: workspace.location })
      return repository.describeChange(workspace.base, tree)
    },
  }
}
