import type { z } from 'zod'
import {
  type Change,
  type UpkeepResult,
  upkeepResultSchema,
  type Verdict,
  verdictSchema,
} from '../contracts/index.ts'
import type { StepRecord } from '../engine/index.ts'
import { repairResultSchema } from '../execution/tools/index.ts'
import { type DevelopmentResult, developmentResultSchema } from '../workflow/delivery/index.ts'

/** What a step answered, if it has, and if it is of this shape. */
export function outputOf<T>(steps: readonly StepRecord[], id: string, schema: z.ZodType<T>): T | null {
  const parsed = schema.safeParse(steps.find(({ stepId }) => stepId === id)?.output)
  return parsed.success ? parsed.data : null
}

/** What came of a run's work, by whoever did it. */
export interface Outcomes {
  readonly repair: z.infer<typeof repairResultSchema> | null
  readonly development: DevelopmentResult | null
  readonly upkeep: UpkeepResult | null
  /** What the run would publish. */
  readonly proposal: { readonly change: Change; readonly explanation: string } | null
  readonly verdict: Verdict | null
}

export function outcomesOf(steps: readonly StepRecord[]): Outcomes {
  const repair = outputOf(steps, 'repair', repairResultSchema)
  const development = outputOf(steps, 'develop', developmentResultSchema)
  const upkeep = outputOf(steps, 'change', upkeepResultSchema)
  const developed = development?.outcome === 'changed' ? development : null
  const repaired = repair?.outcome === 'repaired' ? repair : null
  const upkept = upkeep?.outcome === 'changed' ? upkeep : null
  return {
    repair,
    development,
    upkeep,
    proposal: developed ?? repaired ?? upkept,
    verdict: developed?.verdict ?? outputOf(steps, 'verify', verdictSchema),
  }
}
