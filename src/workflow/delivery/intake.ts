import { z } from 'zod'
import { type Intent, intentSchema, type Tool, workItemSchema } from '../../contracts/index.ts'
import { intakeErrors, normaliseIntent } from '../../control/intake/index.ts'
import { errorCodes } from '../../kernel/index.ts'

const inputSchema = z.object({ workItem: workItemSchema })

/** `intake.normalise`: reads what a work item asks for out of its text, by code. */
export function intakeTool(): Tool<z.infer<typeof inputSchema>, Intent> {
  return {
    name: 'intake.normalise',
    summary: 'Reads goal, files, symbols, tests, stack frames and snippets out of a work item.',
    input: inputSchema,
    output: intentSchema,
    effect: 'read',
    permissions: [],
    failureModes: errorCodes(intakeErrors),
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 60 },
    perform: ({ workItem }) => Promise.resolve(normaliseIntent(workItem)),
  }
}
