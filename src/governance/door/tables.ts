import type { EffectClass } from '../../contracts/index.ts'
import type { ErrorReport } from '../../kernel/index.ts'
import type { CreatedAt, JsonColumn } from '../../store/index.ts'
import type { Generated } from 'kysely'

declare module '../../store/tables.ts' {
  interface Tables {
    acts: ActsTable
    decisions: DecisionsTable
  }
}

/**
 * `requested` exists only inside the transaction that admits the act. `refused`: nothing was done. `performing`: it is
 * being done, or the process that did it died.
 */
export type ActState = 'requested' | 'refused' | 'performing' | 'succeeded' | 'failed'

export interface ActsTable {
  tenant_id: string
  /** The same for every attempt of the same act. */
  key: string
  run_id: string
  project_id: string
  step_id: string
  tool: string
  effect: EffectClass
  principal_id: string
  on_behalf_of: string | null
  resource: string
  state: ActState
  /** How often it was begun. A result counts only if it comes from the latest attempt. */
  attempt: number
  /** Of the input as it came; recognises a key that is used again for something else. */
  input_digest: string
  /** Blob with the input, secrets redacted; null while nothing was performed. */
  input_blob: string | null
  output_digest: string | null
  error: JsonColumn<ErrorReport> | null
  decision_id: number | null
  approval_id: string | null
  /** Rules that found secrets in input or output. */
  redactions: string[]
  /** The result was found by looking after a crash, not by performing again. */
  recovered: boolean
  money: number
  tokens: number
  tool_calls: number
  seconds: number
  trace_id: string
  started_at: Date | null
  ended_at: Date | null
  created_at: CreatedAt
}

/** Every decision of the policies, with all that they saw; append-only. */
interface DecisionsTable {
  tenant_id: string
  id: Generated<number>
  run_id: string | null
  act_key: string | null
  principal_id: string
  action: string
  resource: string
  request: JsonColumn<Record<string, unknown>>
  decision: 'allow' | 'deny'
  policies: string[]
  policy_set: string
  input_digest: string
  errors: string[]
  decided_at: Date
}
