import type { ModelRequest } from '../../src/contracts/index.ts'
import type { ScriptedAnswer } from '../../src/testing/index.ts'

/** One way to run away. */
export interface Scenario {
  readonly name: string
  /** The `turn` counts from 1. */
  readonly answer: (turn: number, request: ModelRequest) => ScriptedAnswer
  /** Which breaker or limit is for it. */
  readonly stoppedBy: string
  /** Answers of the model after which it has to be stopped. */
  readonly steps: number
  /** The answer never comes. */
  readonly hangs?: boolean
}

const call = (tool: string, input: unknown = {}): ScriptedAnswer => ({ calls: [{ tool, input }] })
const edit = (text: string): ScriptedAnswer => call('files_edit', { path: 'a.js', text })

export const scenarios: readonly Scenario[] = [
  {
    name: 'tries one thing after another on the same test',
    answer: (turn) => (turn % 2 === 1 ? edit(`attempt ${turn}`) : call('tests_run')),
    stoppedBy: 'same-test',
    steps: 10,
  },
  {
    name: 'is slow over the same test',
    answer: (turn) => ({
      ...(turn === 1 ? call('tests_run') : edit(`thought ${turn}`)),
      milliseconds: 58_000,
    }),
    stoppedBy: 'same-test',
    steps: 7,
  },
  {
    name: 'does the same again and again',
    answer: () => call('files_read', { path: 'a.js' }),
    stoppedBy: 'identical',
    steps: 4,
  },
  {
    name: 'asks differently and gets the same',
    answer: (turn) => call('code_search', { query: `where is it ${turn}` }),
    stoppedBy: 'identical',
    steps: 4,
  },
  {
    name: 'undoes and redoes the same edit',
    answer: (turn) => edit(turn % 2 === 1 ? 'one way' : 'the other way'),
    stoppedBy: 'oscillation',
    steps: 6,
  },
  {
    name: 'reads on and on and changes nothing',
    answer: (turn) => call('files_read', { path: `file-${turn}.js` }),
    stoppedBy: 'no-progress',
    steps: 16,
  },
  {
    name: 'calls that cannot be read',
    answer: () => ({ calls: [{ tool: 'files_edit', input: '{"path": "a.js", "text": ' }] }),
    stoppedBy: 'format',
    steps: 4,
  },
  {
    name: 'says that it is done, and does nothing',
    answer: (turn) => ({ text: `All tests pass now, as I said ${turn} times.` }),
    stoppedBy: 'format',
    steps: 4,
  },
  {
    name: 'reaches for tools that it was not given',
    answer: (turn) => ({
      calls: [
        { tool: 'repository_publish', input: { branch: `b${turn}` } },
        { tool: 'files_read', input: { path: `file-${turn}.js` } },
      ],
    }),
    stoppedBy: 'refused-tools',
    steps: 5,
  },
  {
    name: 'repeats one passage without end',
    answer: () => ({ text: 'Let me check the tests again, and then '.repeat(20_000) }),
    stoppedBy: 'repetition',
    steps: 1,
  },
  {
    name: 'calls a hundred things at once',
    answer: (turn) => ({
      calls: Array.from({ length: 100 }, (_, index) => ({
        tool: 'files_read',
        input: { path: `file-${turn}-${index}.js` },
      })),
    }),
    stoppedBy: 'limit of toolCalls',
    steps: 10,
  },
  {
    name: 'writes enormous answers',
    answer: (turn, { maxOutputTokens = 0 }) => ({
      ...edit(`attempt ${turn}`),
      usage: { output: maxOutputTokens },
    }),
    stoppedBy: 'limit of tokens',
    steps: 32,
  },
  {
    name: 'does not answer at all',
    answer: () => ({}),
    stoppedBy: 'limit of seconds',
    steps: 0,
    hangs: true,
  },
]
