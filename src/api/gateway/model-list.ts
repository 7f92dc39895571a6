import type { IncomingHttpHeaders } from 'node:http'
import type { ListedModel } from '../../control/models/index.ts'

/** The catalogue has no date of a model's making; clients only want to see one. */
const created = 0

/** Whether the client is one of Anthropic's, which want a list of another form. */
export function wantsAnthropicList(headers: IncomingHttpHeaders): boolean {
  return headers['anthropic-version'] !== undefined
}

export function encodeModelList(models: readonly ListedModel[], headers: IncomingHttpHeaders): unknown {
  const data = models.map((model) => encodeModel(model, headers))
  if (!wantsAnthropicList(headers)) return { object: 'list', data }
  return { data, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null }
}

export function encodeModel({ id, provider }: ListedModel, headers: IncomingHttpHeaders): unknown {
  return wantsAnthropicList(headers)
    ? { type: 'model', id, display_name: id, created_at: new Date(created).toISOString() }
    : { id, object: 'model', created, owned_by: provider }
}
