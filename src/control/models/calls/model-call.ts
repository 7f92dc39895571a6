import { z } from 'zod'
import type { ModelRequest, ModelResponse, Tool, ToolContext } from '../../../contracts/index.ts'
import { modelResponseSchema } from '../../../contracts/index.ts'
import { AtelierError, errorCodes } from '../../../kernel/index.ts'
import { modelErrors } from '../errors.ts'
import type { CallPlan } from './plan.ts'

/** What is recorded of a call as its input: all that decides the answer. */
export interface ModelCallInput {
  readonly request: ModelRequest
  /** Version of the prompt. */
  readonly prompt?: string
}

const inputSchema = z.custom<ModelCallInput>((input) => typeof input === 'object' && input !== null)

const failureModes = errorCodes(modelErrors)

/** Seconds beyond the last deadline that a call may take to wind up. */
export const windUpSeconds = 10

/**
 * The tool of one call of a model. It is made anew for each, because each has a worst case of its own. A call that
 * cannot be made is an act too, so that it is on record who asked for what.
 */
export function modelCallTool(
  plan: CallPlan | AtelierError,
  perform: (plan: CallPlan, context: ToolContext) => Promise<ModelResponse>,
): Tool<ModelCallInput, ModelResponse> {
  return {
    name: 'model.call',
    summary: 'Asks a model and answers what it says.',
    input: inputSchema,
    output: modelResponseSchema,
    effect: 'read',
    permissions: ['model:call'],
    failureModes,
    // Each upstream has a circuit of its own, which does not stop the others.
    circuit: 'own',
    worstCase:
      plan instanceof AtelierError
        ? { money: 0, tokens: 0, toolCalls: 1, seconds: 0 }
        : {
            ...plan.worst,
            toolCalls: 1,
            seconds: Math.ceil(plan.route.deadlines.totalMs / 1000) + windUpSeconds,
          },
    perform: async (_input, context) => {
      if (!(plan instanceof AtelierError)) return perform(plan, context)
      context.recordCost?.({ money: 0, tokens: 0 })
      throw plan
    },
  }
}
