import type { ModelResponse, ModelUsage } from '../../../../contracts/index.ts'
import { createId, systemClock } from '../../../../kernel/index.ts'
import { packProviderData } from '../carried-data.ts'
import type { AnswerOptions } from '../protocol.ts'
import { textTool } from '../request-reading.ts'

type Part = ModelResponse['content'][number]

/** A member of `output`, as it is when it is complete. */
export interface OutputItem {
  readonly id: string
  readonly type: 'message' | 'reasoning' | 'function_call' | 'custom_tool_call'
  readonly [member: string]: unknown
}

export function encodeResponse(response: ModelResponse, answering: AnswerOptions = {}): unknown {
  const head = responseHead(response.provenance.model)
  const output = response.content.map((part) => encodePart(part, itemId(part, answering), answering))
  return finishedResponse(head, response, output)
}

/** What stays the same from the first event of a response to the last. */
export function responseHead(model: string) {
  return {
    id: createId('resp'),
    object: 'response',
    created_at: Math.floor(systemClock.now() / 1000),
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model,
    output: [] as readonly OutputItem[],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage: null,
  }
}

export function finishedResponse(
  head: ReturnType<typeof responseHead>,
  response: ModelResponse,
  output: readonly OutputItem[],
) {
  const reason = incompleteReason(response)
  return {
    ...head,
    status: reason === undefined ? 'completed' : 'incomplete',
    incomplete_details: reason === undefined ? null : { reason },
    model: response.provenance.model,
    output,
    usage: encodeUsage(response.usage),
  }
}

export function incompleteReason({ finish }: ModelResponse): string | undefined {
  if (finish === 'length') return 'max_output_tokens'
  return finish === 'content-filter' ? 'content_filter' : undefined
}

/** A new id for an item, of the form that its kind has. */
export function itemId(part: Part, { textTools = [] }: AnswerOptions): string {
  if (part.kind === 'text') return createId('msg')
  if (part.kind === 'reasoning') return createId('rs')
  return createId(textTools.includes(part.tool) ? 'ctc' : 'fc')
}

export function encodePart(part: Part, id: string, { textTools = [] }: AnswerOptions): OutputItem {
  const status = 'completed'
  switch (part.kind) {
    case 'text': {
      const content = [{ type: 'output_text', text: part.text, annotations: [], logprobs: [] }]
      return { id, type: 'message', status, role: 'assistant', content }
    }
    case 'reasoning': {
      const summary = part.text === '' ? [] : [{ type: 'summary_text', text: part.text }]
      const encrypted = encryptedContent(part)
      return {
        id,
        type: 'reasoning',
        summary,
        ...(encrypted !== undefined && { encrypted_content: encrypted }),
      }
    }
    case 'tool-call':
      return textTools.includes(part.tool)
        ? {
            id,
            type: 'custom_tool_call',
            status,
            call_id: part.id,
            name: part.tool,
            input: textTool.unwrap(part.input),
          }
        : { id, type: 'function_call', status, call_id: part.id, name: part.tool, arguments: part.input }
  }
}

/** A client sends it back with the reasoning, and a model that wants it gets it. */
function encryptedContent({ providerData }: Extract<Part, { kind: 'reasoning' }>): string | undefined {
  if (providerData === undefined) return undefined
  const own = providerData['openai']?.['reasoningEncryptedContent']
  return typeof own === 'string' ? own : packProviderData(providerData)
}

function encodeUsage(usage: ModelUsage): unknown {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  }
}
