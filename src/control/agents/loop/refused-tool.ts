import { z } from 'zod'
import type { Tool } from '../../../contracts/index.ts'
import { modelNameOf } from '../../../execution/development/index.ts'
import { agentErrors } from '../errors.ts'
import type { RefusedCall } from './ports.ts'

/**
 * What the door is asked about when the loop refuses a call, so that the refusal is decided and audited like any other.
 * It has the name and effect class of the tool that was meant, where there is one, and is never performed.
 */
export function refusedTool(
  { tool, why = 'it is not offered' }: Pick<RefusedCall, 'tool' | 'why'>,
  all: Iterable<Pick<Tool, 'name' | 'effect' | 'permissions'>>,
): Tool<unknown, never> {
  const meant = [...all].find(({ name }) => name === tool || modelNameOf(name) === tool)
  return {
    name: meant?.name ?? nameAsWritten(tool),
    summary: 'A call that is refused.',
    input: z.unknown(),
    output: z.never(),
    effect: meant?.effect ?? 'read',
    permissions: meant?.permissions ?? [],
    failureModes: [],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 0 },
    precondition: () => why,
    perform: () => Promise.reject(agentErrors.TOOL_NOT_GRANTED({ detail: tool.slice(0, 64) })),
  }
}

/** Models write anything for a name. */
function nameAsWritten(tool: string): string {
  return tool.replaceAll(/[^\w.-]/g, '_').slice(0, 64) || 'unnamed'
}
