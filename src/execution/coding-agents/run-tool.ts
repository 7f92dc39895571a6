import { z } from 'zod'
import type { Tool, ToolContext } from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import { type ExecutionPlaces, workspaceFailures, workspaceSchema } from '../tools/index.ts'
import { acpAgents } from './acp/agents.ts'
import { codingAgentErrors } from './errors.ts'
import { runHeadlessAgent } from './headless/run-headless.ts'
import type { CodingAgentRequest, CodingAgentResult, GatewayAccess, PermittedActs } from './port.ts'

export interface CodingAgentPlaces {
  readonly execution: ExecutionPlaces
  /** Host folder with an installation for each program, under its name. */
  installationOf(program: string): string
  /** A way to models for this step alone; it is closed when the agent has ended. */
  openGateway(
    context: ToolContext,
    request: { readonly model: string; readonly seconds: number },
  ): Promise<GatewayAccess & { close(): Promise<void> }>
}

const inputSchema = z.object({
  program: z.string(),
  /** Through its command line, or as a client of the Agent Client Protocol. */
  speaks: z.enum(['headless', 'acp']),
  workspace: workspaceSchema,
  tree: z.string(),
  prompt: z.string(),
  /** Route or model that it may ask. */
  model: z.string(),
  seconds: z.int().positive(),
  acts: z.int().positive(),
})
export type CodingAgentInput = z.infer<typeof inputSchema>

const placeSchema = z.object({ what: z.string(), why: z.string() })
const outputSchema = z.object({
  tree: z.string(),
  changed: z.array(z.string()),
  ended: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('exited'), code: z.int() }),
    z.object({ kind: z.literal('killed'), by: z.string() }),
  ]),
  claim: z.object({ outcome: z.enum(['done', 'failed', 'unknown']), text: z.string() }),
  refusals: z.array(placeSchema),
  transcript: z.array(z.json()),
  discardedBytes: z.int(),
})
export type CodingAgentOutput = z.infer<typeof outputSchema>

/** `coding-agent.run`: somebody else's coding agent works in a sandbox, with `acts` for what it asks the studio to do. */
export function codingAgentTool(
  places: CodingAgentPlaces,
  acts: PermittedActs,
): Tool<CodingAgentInput, CodingAgentOutput> {
  return {
    name: 'coding-agent.run',
    summary: 'Lets a coding agent of others work in a sandbox of its own, and takes the tree that it leaves.',
    input: inputSchema,
    output: outputSchema,
    effect: 'workspace',
    permissions: ['workspace:edit', 'models:ask'],
    failureModes: [...errorCodes(codingAgentErrors), ...workspaceFailures],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 3600 },
    async perform({ program, speaks, workspace, tree, prompt, model, seconds, acts: most }, context) {
      const gateway = await places.openGateway(context, { model, seconds })
      const { socket, key } = gateway
      try {
        const request: CodingAgentRequest = {
          workspace,
          tree,
          prompt,
          gateway: { socket, key, model },
          installation: { folder: places.installationOf(program) },
          limits: { seconds, acts: most, concurrentActs: 4 },
          existingTests: 'protected',
        }
        const result =
          speaks === 'headless'
            ? await runHeadlessAgent(places.execution, program, request, context)
            : await runByProtocol(places.execution, program, request, acts, context)
        return presentResult(result)
      } finally {
        await gateway.close()
      }
    },
  }
}

async function runByProtocol(
  places: ExecutionPlaces,
  program: string,
  request: CodingAgentRequest,
  acts: PermittedActs,
  context: ToolContext,
): Promise<CodingAgentResult> {
  const agent = acpAgents.find(({ name }) => name === program)
  if (agent === undefined)
    throw codingAgentErrors.UNKNOWN({ detail: `${program} by the Agent Client Protocol` })
  const { runAcpAgent } = await import('./acp/run-acp.ts')
  return runAcpAgent(places, agent, request, acts, context)
}

function presentResult(result: CodingAgentResult): CodingAgentOutput {
  return outputSchema.parse(JSON.parse(JSON.stringify(result)))
}
