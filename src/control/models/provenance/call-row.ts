import type { ModelRequest, ModelResponse } from '../../../contracts/index.ts'
import { reportError } from '../../../kernel/index.ts'
import type { ModelAccess } from '../access.ts'
import type { CatalogueModel } from '../catalogue/catalogue.ts'
import type { CallRow } from './call-log.ts'

/** What is known of one attempt of an act when it has ended. */
export interface CallStory {
  readonly access: ModelAccess
  readonly actKey: string
  readonly request: ModelRequest
  readonly prompt: string | undefined
  readonly route: string | undefined
  /** Who answered; undefined when nobody did. */
  readonly model: CatalogueModel | undefined
  readonly transport: CallRow['transport']
  readonly startedAt: number
  readonly firstTokenAt: number | undefined
  readonly endedAt: number
  readonly outcome: { readonly response: ModelResponse } | { readonly error: unknown }
}

export function toCallRow(story: CallStory): CallRow {
  const { access, request, model, startedAt, firstTokenAt, endedAt, outcome } = story
  const response = 'response' in outcome ? outcome.response : undefined
  const { usage, provenance } = response ?? {}
  return {
    tenant_id: access.tenantId,
    act_key: story.actKey,
    run_id: access.runId,
    project_id: access.projectId,
    step_id: access.stepId,
    principal_id: access.principal.id,
    asked_for: request.model,
    route: story.route ?? null,
    model: provenance?.model ?? null,
    version: provenance?.version ?? null,
    provider: provenance?.provider ?? null,
    endpoint: provenance?.endpoint ?? null,
    deployment: model?.deployment ?? null,
    residency: model?.residency ?? null,
    size: model?.size ?? null,
    transport: story.transport,
    parameters: parametersOf(request),
    prompt: story.prompt ?? null,
    finish: response?.finish ?? null,
    error: 'error' in outcome ? reportError(outcome.error).code : null,
    failed_before: provenance?.failedBefore ?? [],
    input_tokens: usage?.input ?? 0,
    output_tokens: usage?.output ?? 0,
    cache_read_tokens: usage?.cacheRead ?? 0,
    cache_write_tokens: usage?.cacheWrite ?? 0,
    reasoning_tokens: usage?.reasoning ?? 0,
    counted_by: usage?.source ?? null,
    cost: response?.cost ?? null,
    first_token_ms: firstTokenAt === undefined ? null : Math.max(0, Math.round(firstTokenAt - startedAt)),
    duration_ms: Math.max(0, Math.round(endedAt - startedAt)),
    started_at: new Date(startedAt),
  }
}

/** All of a request that is neither said nor offered to the model. */
function parametersOf({
  model: _model,
  messages,
  tools = [],
  output,
  ...parameters
}: ModelRequest): Record<string, unknown> {
  return {
    ...parameters,
    messages: messages.length,
    tools: tools.map(({ name }) => name),
    ...(output && { output: output.name ?? 'json' }),
  }
}
