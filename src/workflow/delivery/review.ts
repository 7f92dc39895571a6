import { z } from 'zod'
import { changeSchema, findingSchema, type Finding, type Tool } from '../../contracts/index.ts'
import { readChangedFiles, reviewChange } from '../../control/review/index.ts'
import { repositoryErrors, type RepositoryHost } from '../../execution/repository/index.ts'
import { workspaceSchema } from '../../execution/tools/index.ts'
import { errorCodes } from '../../kernel/index.ts'

const inputSchema = z.object({ workspace: workspaceSchema, proposal: z.object({ change: changeSchema }) })

/** `change.review`: every check of a change that needs neither a model nor a run. */
export function reviewTool(
  repositories: RepositoryHost,
): Tool<z.infer<typeof inputSchema>, { readonly findings: readonly Finding[] }> {
  return {
    name: 'change.review',
    summary: 'Looks for weakened tests, secrets, suspicious code and other things a person should know.',
    input: inputSchema,
    output: z.object({ findings: z.array(findingSchema) }),
    effect: 'read',
    permissions: ['repository:read'],
    failureModes: errorCodes(repositoryErrors),
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 300 },
    async perform({ workspace, proposal }, { tenantId }) {
      const repository = await repositories.open({ tenantId, location: workspace.location })
      return {
        findings: await reviewChange(proposal.change, await readChangedFiles(repository, proposal.change)),
      }
    },
  }
}
