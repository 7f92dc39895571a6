import type { Generated } from 'kysely'
import type { ModelProvenance, ModelResponse, ModelUsage } from '../../contracts/index.ts'
import type { CreatedAt, JsonColumn } from '../../store/index.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    model_calls: ModelCallsTable
    model_answers: ModelAnswersTable
    model_route_weights: ModelRouteWeightsTable
  }
}

/** One attempt of an act that asks a model. */
export interface ModelCallsTable {
  tenant_id: string
  id: Generated<number>
  act_key: string
  run_id: string
  project_id: string
  step_id: string
  principal_id: string
  /** The name of a model or route that was asked for. */
  asked_for: string
  route: string | null
  model: string | null
  version: string | null
  provider: string | null
  endpoint: string | null
  deployment: string | null
  residency: string | null
  size: string | null
  /** How it was asked; `none` when it did not come to that. */
  transport: 'translated' | 'relayed' | 'cached' | 'none'
  parameters: JsonColumn<Record<string, unknown>>
  prompt: string | null
  finish: ModelResponse['finish'] | null
  /** Code of the failure. */
  error: string | null
  failed_before: JsonColumn<ModelProvenance['failedBefore']>
  input_tokens: number
  output_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  reasoning_tokens: number
  counted_by: ModelUsage['source'] | null
  cost: number | null
  first_token_ms: number | null
  duration_ms: number
  started_at: Date
}

/** Answers kept for the same question. */
interface ModelAnswersTable {
  tenant_id: string
  key: string
  response: JsonColumn<ModelResponse>
  expires_at: Date
  created_at: CreatedAt
}

/** Weights that hold in place of those of a route for the time being. */
interface ModelRouteWeightsTable {
  tenant_id: string
  route: string
  weights: JsonColumn<Record<string, number>>
  reason: string
  principal_id: string
  set_at: CreatedAt
}
