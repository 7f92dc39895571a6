import { z } from 'zod'
import { type Tool, type ToolContext, workItemSchema } from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import {
  type ChangeRequest,
  type PublishRequest,
  repositoryErrors,
  type RepositoryHost,
} from '../repository/index.ts'
import { workspaceSchema } from './workspace.ts'

const inputSchema = z.object({
  workItem: workItemSchema,
  workspace: workspaceSchema,
  proposal: z.object({ tree: z.string(), explanation: z.string() }),
  approval: z.object({
    decision: z.literal('approved'),
    by: z.string(),
    evidence: z.string(),
    decidedAt: z.iso.datetime(),
  }),
})
type PublishInput = z.infer<typeof inputSchema>

const outputSchema = z.object({
  repository: z.string(),
  branch: z.string(),
  commit: z.string(),
  baseCommit: z.string(),
  target: z.string().nullable(),
  title: z.string(),
  body: z.string(),
})

/** `repository.publish`: pushes the approved tree as a branch of the run and describes the change request. Never merges. */
export function publishTool(repositories: RepositoryHost): Tool<PublishInput, ChangeRequest> {
  const requestOf = (
    { workItem, workspace, proposal, approval }: PublishInput,
    context: ToolContext,
  ): PublishRequest => ({
    baseCommit: workspace.base.commit,
    tree: proposal.tree,
    subject: workItem.title,
    body: `${proposal.explanation}\n\nApproved by ${approval.by}.`,
    author: { name: 'Atelier', email: 'studio@atelier.invalid' },
    createdAt: approval.decidedAt,
    runId: context.runId,
    evidenceDigest: approval.evidence,
    slug: workItem.title,
  })
  const open = (input: PublishInput, { tenantId }: ToolContext): ReturnType<RepositoryHost['open']> =>
    repositories.open({ tenantId, location: input.workspace.location })
  return {
    name: 'repository.publish',
    summary: 'Pushes an approved change as a branch; merges nothing.',
    input: inputSchema,
    output: outputSchema,
    effect: 'external-reversible',
    permissions: ['repository:push'],
    failureModes: errorCodes(repositoryErrors),
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 300 },
    approvedTree: ({ proposal }) => proposal.tree,
    async perform(input, context) {
      context.report('pushing the branch')
      return (await open(input, context)).publish(requestOf(input, context))
    },
    async recover(input, context) {
      return (await open(input, context)).findPublished(requestOf(input, context))
    },
  }
}
