import { z } from 'zod'
import { intentSchema, testReportSchema, workItemSchema } from '../../contracts/index.ts'
import { criteriaSchema } from '../../control/agents/index.ts'
import { routingDecisionSchema } from '../../control/routing/index.ts'
import { repairResultSchema, reproductionSchema, workspaceSchema } from '../../execution/tools/index.ts'

/** What the step of the developer is given. */
export const developmentInputSchema = z.object({
  workItem: workItemSchema,
  intent: intentSchema,
  workspace: workspaceSchema,
  baseline: testReportSchema,
  /** Null where no test shows what the work is about. */
  reproduction: reproductionSchema.nullable().catch(null),
  decision: routingDecisionSchema,
  /** What the engineer without a model came to, if it tried. */
  repair: repairResultSchema.nullable().catch(null),
  /** How one can tell that it is done, where the workflow has a chain write that down. */
  criteria: criteriaSchema.nullable().catch(null),
})
export type DevelopmentInput = z.infer<typeof developmentInputSchema>
