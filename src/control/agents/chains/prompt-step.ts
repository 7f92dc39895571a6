import { z } from 'zod'
import type { ModelClient, ModelMessage, ModelRequest, ModelResponse } from '../../../contracts/index.ts'
import { AtelierError, digestOf, type ErrorReport, reportError } from '../../../kernel/index.ts'
import { dataRule } from '../data.ts'
import { jsonSchemaOf } from '../json-schema.ts'

/** One question to a model, with checked input and output. Its text is versioned like code. */
export interface PromptStep<I, O> {
  readonly name: string
  /** Raised whenever `instructions` or `present` change. */
  readonly version: number
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
  readonly model: Pick<ModelRequest, 'reasoning' | 'temperature'> & {
    readonly route: string
    readonly maxOutputTokens: number
  }
  readonly instructions: string
  /** The input as the model reads it; text from outside is wrapped by `asData`. */
  present(input: I): string
}

export interface StepUsage {
  readonly calls: number
  readonly tokens: number
  /** Millionths of the currency, of the answers whose price is known. */
  readonly money: number
}

export type StepFailure =
  /** The input does not fit the step: the chain is put together wrongly, or data is. */
  | { readonly kind: 'input'; readonly problem: string }
  /** No answer fitted the output, though the model was told why. */
  | { readonly kind: 'format'; readonly problem: string }
  /** The answer did not fit into its tokens. */
  | { readonly kind: 'cut-off'; readonly problem: string }
  /** The provider withheld the answer. */
  | { readonly kind: 'withheld'; readonly problem: string }
  /** The model could not be asked, and asking again will not help. */
  | { readonly kind: 'model'; readonly problem: string; readonly error: ErrorReport }

export type StepResult<O> =
  | { readonly kind: 'answered'; readonly output: O; readonly used: StepUsage }
  | { readonly kind: 'failed'; readonly failure: StepFailure; readonly used: StepUsage }

export interface AskServices {
  readonly model: ModelClient
  /** Prefix of the keys; the same for every attempt of the same work. */
  readonly key: string
  readonly signal: AbortSignal
}

/** How often a model is asked until its answer fits. */
export const mostCalls = 3
const nothing: StepUsage = { calls: 0, tokens: 0, money: 0 }

/**
 * Asks a model one step's question. Answers that do not fit are shown to it with the reason, twice at most.
 * @throws what may pass, and what is thrown after `signal` was aborted.
 */
export async function askStep<I, O>(
  step: PromptStep<I, O>,
  input: unknown,
  services: AskServices,
): Promise<StepResult<O>> {
  const parsed = step.input.safeParse(input)
  if (!parsed.success)
    return {
      kind: 'failed',
      failure: { kind: 'input', problem: z.prettifyError(parsed.error) },
      used: nothing,
    }
  let request = requestOf(step, parsed.data)
  let used = nothing
  for (;;) {
    const response = await ask(step, request, used.calls + 1, services)
    if ('error' in response)
      return {
        kind: 'failed',
        failure: { kind: 'model', problem: response.error.message, ...response },
        used,
      }
    used = {
      calls: used.calls + 1,
      tokens: used.tokens + response.usage.input + response.usage.output,
      money: used.money + (response.cost ?? 0),
    }
    const read = readOutput(step, response)
    if (read.kind === 'answered') return { ...read, used }
    if (read.kind === 'withheld' || used.calls === mostCalls) return { kind: 'failed', failure: read, used }
    request = { ...request, messages: [...request.messages, ...correction(response, read.problem)] }
  }
}

/** Which version of which prompt it is, for the record of every call. */
function stepVersion<I, O>({ name, version, instructions }: PromptStep<I, O>): string {
  return `${name}@${version} ${digestOf(instructions)}`
}

async function ask<I, O>(
  step: PromptStep<I, O>,
  request: ModelRequest,
  call: number,
  { model, key, signal }: AskServices,
): Promise<ModelResponse | { readonly error: ErrorReport }> {
  try {
    const prompt = stepVersion(step)
    return await model.ask(request, { key: `${key}:${step.name}:call-${call}`, signal, prompt })
  } catch (error) {
    if (signal.aborted || !(error instanceof AtelierError) || error.retryable) throw error
    return { error: reportError(error) }
  }
}

function requestOf<I, O>(step: PromptStep<I, O>, input: I): ModelRequest {
  const { route, ...policy } = step.model
  const schema = jsonSchemaOf(step.output)
  return {
    model: route,
    messages: [
      {
        role: 'system',
        content: `${step.instructions}\n\n- ${dataRule}\n- Answer with one JSON object of this schema and nothing else:\n${JSON.stringify(schema)}`,
      },
      { role: 'user', content: [{ kind: 'text', text: step.present(input) }] },
    ],
    output: { name: step.name, schema },
    ...policy,
  }
}

type Read<O> =
  | { readonly kind: 'answered'; readonly output: O }
  | { readonly kind: 'format' | 'cut-off' | 'withheld'; readonly problem: string }

function readOutput<I, O>({ output }: PromptStep<I, O>, { content, finish }: ModelResponse): Read<O> {
  if (finish === 'content-filter') return { kind: 'withheld', problem: 'the provider withheld the answer' }
  const text = content.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')
  const kind = finish === 'length' ? 'cut-off' : 'format'
  try {
    const parsed = output.safeParse(JSON.parse(jsonIn(text)))
    return parsed.success
      ? { kind: 'answered', output: parsed.data }
      : { kind, problem: z.prettifyError(parsed.error) }
  } catch {
    return {
      kind,
      problem: kind === 'cut-off' ? 'the answer is too long; say it in fewer words' : 'it is not JSON',
    }
  }
}

/** The object in an answer; some models put it in a fence or say a word before it. */
function jsonIn(text: string): string {
  const start = text.indexOf('{')
  const end = text.lastIndexOf('}')
  return start === -1 || end < start ? text : text.slice(start, end + 1)
}

function correction({ content }: ModelResponse, problem: string): ModelMessage[] {
  const said = content.filter((part) => part.kind === 'text' && part.text.trim() !== '')
  return [
    { role: 'assistant', content: said.length === 0 ? [{ kind: 'text', text: '(no answer)' }] : said },
    {
      role: 'user',
      content: [
        { kind: 'text', text: `That cannot be used: ${problem}\nAnswer with the whole object again.` },
      ],
    },
  ]
}
