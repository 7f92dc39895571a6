import type { Fault } from './fault.ts'
import {
  endlessRepetition,
  falseClaim,
  filtered,
  hallucinatedFile,
  hallucinatedPackage,
  hugeOutput,
  injection,
  malformedArguments,
  repeatedAction,
  testTampering,
  truncated,
  unknownTool,
  wrongArguments,
} from './misconduct.ts'

const overloaded = 'Overloaded. Please try again later.'

/** Every way to misbehave. Order has no meaning; the documentation's table is held to it by a test. */
const catalogue = [
  {
    name: '429',
    about: 'refuses for too many requests and does not say when to come back',
    stage: 'refusal',
    status: 429,
    type: 'rate_limit_error',
    message: 'Rate limit reached for requests.',
  },
  {
    name: '429-retry-after',
    about: 'refuses for too many requests and says in `retry-after` when to come back (1 second)',
    stage: 'refusal',
    status: 429,
    type: 'rate_limit_error',
    message: 'Rate limit reached for requests.',
    retryAfter: 1,
  },
  {
    name: '500',
    about: 'fails',
    stage: 'refusal',
    status: 500,
    type: 'api_error',
    message: 'Internal server error.',
  },
  {
    name: '502',
    about: 'fails behind its proxy',
    stage: 'refusal',
    status: 502,
    type: 'api_error',
    message: 'Bad gateway.',
  },
  {
    name: '503',
    about: 'is not available',
    stage: 'refusal',
    status: 503,
    type: 'overloaded_error',
    message: overloaded,
  },
  {
    name: '529',
    about: 'is overloaded, as Anthropic says it',
    stage: 'refusal',
    status: 529,
    type: 'overloaded_error',
    message: overloaded,
  },
  {
    name: 'wrong-key',
    about: 'refuses the key',
    stage: 'refusal',
    status: 401,
    type: 'authentication_error',
    message: 'Incorrect API key provided.',
  },
  {
    name: 'model-retired',
    about: 'does not know the model any more',
    stage: 'refusal',
    status: 404,
    type: 'not_found_error',
    message: 'The model does not exist or has been retired.',
  },
  {
    name: 'context-too-long',
    about: 'refuses a prompt as longer than the context',
    stage: 'refusal',
    status: 400,
    type: 'context_length_exceeded',
    message: "prompt is too long: this model's maximum context length is 8192 tokens.",
  },
  { name: 'hang', about: 'takes the request and never answers', stage: 'connection', action: 'hang' },
  { name: 'cut', about: 'closes the connection in place of an answer', stage: 'connection', action: 'cut' },
  { name: 'stall', about: 'begins to answer and falls silent', stage: 'transfer', action: 'stall' },
  {
    name: 'cut-midstream',
    about: 'begins to answer and closes the connection',
    stage: 'transfer',
    action: 'cut',
  },
  {
    name: 'error-midstream',
    about: 'begins to answer and reports an error in the stream',
    stage: 'transfer',
    action: 'error',
  },
  { name: 'invalid-json', about: 'answers with what is not JSON', stage: 'transfer', action: 'invalid-json' },
  {
    name: 'wrong-schema',
    about: 'answers with JSON of another form',
    stage: 'transfer',
    action: 'wrong-schema',
  },
  {
    name: 'ragged',
    about: 'answers correctly, in bytes that are cut at odd places, even within a character',
    stage: 'transfer',
    action: 'ragged',
  },
  { name: 'slow', about: 'answers correctly, one piece every 100 ms', stage: 'transfer', action: 'slow' },
  {
    name: 'empty',
    about: 'answers with nothing',
    stage: 'answer',
    change: (answer) => ({ ...answer, parts: [], finish: 'stop' }),
  },
  {
    name: 'truncated',
    about: 'stops in the middle, for the limit of tokens',
    stage: 'answer',
    change: truncated,
  },
  {
    name: 'filtered',
    about: "is stopped by the provider's content filter",
    stage: 'answer',
    change: filtered,
  },
  {
    name: 'huge-output',
    about: 'says far more than it was allowed to (8 MiB)',
    stage: 'answer',
    change: hugeOutput,
  },
  {
    name: 'endless-repetition',
    about: 'says the same sentence again and again (1 MiB)',
    stage: 'answer',
    change: endlessRepetition,
  },
  {
    name: 'repeated-action',
    about: 'does what it did last, word for word',
    stage: 'answer',
    change: repeatedAction,
  },
  { name: 'unknown-tool', about: 'calls a tool that was not offered', stage: 'answer', change: unknownTool },
  {
    name: 'malformed-arguments',
    about: 'calls a tool with arguments that are not JSON',
    stage: 'answer',
    change: malformedArguments,
  },
  {
    name: 'wrong-arguments',
    about: 'calls a tool with arguments that its schema does not allow',
    stage: 'answer',
    change: wrongArguments,
  },
  {
    name: 'hallucinated-file',
    about: 'acts on a file that does not exist',
    stage: 'answer',
    change: hallucinatedFile,
  },
  {
    name: 'hallucinated-package',
    about: 'uses a package that does not exist',
    stage: 'answer',
    change: hallucinatedPackage,
  },
  {
    name: 'injection',
    about: 'obeys instructions from repository text and passes them on',
    stage: 'answer',
    change: injection,
  },
  {
    name: 'test-tampering',
    about: 'acts on a test in place of the code',
    stage: 'answer',
    change: testTampering,
  },
  { name: 'false-claim', about: 'claims to be done and does nothing', stage: 'answer', change: falseClaim },
  { name: 'no-usage', about: 'says nothing about usage', stage: 'usage', change: () => undefined },
  {
    name: 'negative-usage',
    about: 'claims a negative number of tokens',
    stage: 'usage',
    change: (usage) => ({ ...usage, input: -usage.input, output: -usage.output }),
  },
  {
    name: 'absurd-usage',
    about: 'claims more tokens than were ever read',
    stage: 'usage',
    change: (usage) => ({ ...usage, input: 9e15, output: 9e15 }),
  },
] as const satisfies readonly Fault[]

export type FaultName = (typeof catalogue)[number]['name']

/** All faults, for whoever lists them. */
export const faults: readonly Fault[] = catalogue
export const faultNames: readonly FaultName[] = catalogue.map(({ name }) => name)

const byName: ReadonlyMap<string, Fault> = new Map(catalogue.map((fault) => [fault.name, fault]))

export function faultNamed(name: FaultName): Fault {
  const fault = byName.get(name)
  if (fault === undefined) throw new Error(`no fault is called ${name}`)
  return fault
}
