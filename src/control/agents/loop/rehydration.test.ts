import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ModelClient } from '../../../contracts/index.ts'
import { type ScriptedAnswer, type ScriptedModel, scriptedModel } from '../../../testing/index.ts'
import type { AgentOutcome } from './outcome.ts'
import type { RunAgentOptions } from './options.ts'
import type { AgentActs } from './ports.ts'
import { runAgent } from './run-agent.ts'
import {
  scratchAgent,
  scratchBrief,
  scratchResult,
  type ScratchWorkspace,
  scratchWorkspace,
} from './scratch-workspace.ts'

const path = fc.constantFrom('a.js', 'b.js', 'nowhere.js')
const call = fc.oneof(
  fc.record({ tool: fc.constant('files_read'), input: fc.record({ path }) }),
  fc.record({
    tool: fc.constant('files_edit'),
    input: fc.record({ path, text: fc.constantFrom('right', 'wrong', 'wrong still', 'x'.repeat(30_000)) }),
  }),
  fc.record({
    tool: fc.constantFrom('tests_run', 'code_search'),
    input: fc.constantFrom({}, { query: 'a' }),
  }),
  fc.record({ tool: fc.constant('notes_plan'), input: fc.record({ plan: fc.string({ minLength: 1 }) }) }),
  fc.record({ tool: fc.constant('more'), input: fc.constant({ handle: '1.1', from: 5000 }) }),
  fc.record({ tool: fc.constantFrom('files_read', 'unknown'), input: fc.constantFrom('{', '[1]', '') }),
  fc.record({
    tool: fc.constant('person_ask'),
    input: fc.record({ question: fc.string({ minLength: 1 }), why: fc.constant('it matters') }),
  }),
  fc.record({ tool: fc.constant('finish'), input: fc.constantFrom(scratchResult, { status: 'done' }) }),
)
const answer: fc.Arbitrary<ScriptedAnswer> = fc.record(
  {
    text: fc.string(),
    calls: fc.array(
      fc
        .record({ ...{ id: fc.constantFrom('same', 'a', '') } })
        .chain((id) => call.map((one) => ({ ...one, ...id }))),
      {
        maxLength: 4,
      },
    ),
    milliseconds: fc.nat(20_000),
    cost: fc.constantFrom(null, 0, 500),
  },
  { requiredKeys: ['calls'] },
)

class Killed extends Error {}

/** A process that ends just before or just after its act number `at`; the acts' record is what survives it. */
function dying(model: ModelClient, acts: AgentActs, at: number, when: 'before' | 'after') {
  let count = 0
  const act = async <T>(perform: () => Promise<T>): Promise<T> => {
    count += 1
    if (count === at && when === 'before') throw new Killed()
    const value = await perform()
    if (count >= at) throw new Killed()
    return value
  }
  return {
    model: { ask: (request, options) => act(() => model.ask(request, options)) } satisfies ModelClient,
    acts: { ...acts, perform: (one) => act(() => acts.perform(one)) } satisfies AgentActs,
  }
}

/** Some questions are answered, some end the work. */
const replies: Record<string, string> = {}
for (let turn = 1; turn <= 20; turn += 1)
  for (const at of [1, 2]) replies[`k:turn-${turn}:call-${at}`] = 'Yes.'

interface World {
  readonly model: ScriptedModel
  readonly workspace: ScratchWorkspace
  readonly options: RunAgentOptions
}

function world(script: readonly ScriptedAnswer[]): World {
  const model = scriptedModel(script)
  const workspace = scratchWorkspace({ 'a.js': 'wrong', 'b.js': 'y'.repeat(20_000) }, { milliseconds: 700 })
  const options: RunAgentOptions = {
    agent: scratchAgent({
      model: '{ route: small, maxOutputTokens: 1000, contextTokens: 12000 }',
      limits: '{ seconds: 300, toolCalls: 60, tokens: 400000, money: 100000, steps: 25 }',
    }),
    brief: scratchBrief,
    tools: workspace.tools,
    model,
    acts: workspace.acts,
    key: 'k',
    signal: new AbortController().signal,
    tree: workspace.tree,
    replies,
  }
  return { model, workspace, options }
}

function trace({ model, workspace }: World, outcome: AgentOutcome): string {
  const calls = workspace.performed.map(({ key, tool }) => `${key} ${tool}`).toSorted()
  return JSON.stringify([model.asked, calls, outcome], null, 1)
}

test('killed at any act and begun again, it asks the same requests, does each act once and ends alike', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { minLength: 1, maxLength: 14 }),
      fc.array(fc.tuple(fc.nat({ max: 40 }), fc.constantFrom('before' as const, 'after' as const)), {
        maxLength: 3,
      }),
      async (script, deaths) => {
        const whole = world(script)
        const expected = trace(whole, await runAgent(whole.options))
        const cut = world(script)
        for (const [at, when] of deaths) {
          const life = dying(cut.model, cut.workspace.acts, at + 1, when)
          await runAgent({ ...cut.options, ...life }).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error
          })
        }
        expect(trace(cut, await runAgent(cut.options))).toBe(expected)
      },
    ),
    { numRuns: 60 },
  )
})

test('every request keeps calls and results together, and is in the order that providers ask for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 20 }), async (script) => {
      const { model, options } = world(script)
      await runAgent(options)
      for (const { request } of model.asked) {
        expect(request.messages.slice(0, 2).map(({ role }) => role)).toEqual(['system', 'user'])
        const ids = new Set<string>()
        request.messages.forEach((message, index) => {
          if (message.role !== 'assistant') return
          expect(message.content.length).toBeGreaterThan(0)
          const called = message.content.flatMap((part) => (part.kind === 'tool-call' ? [part] : []))
          for (const { id, input } of called) {
            expect(ids.has(id)).toBe(false)
            ids.add(id)
            expect(JSON.parse(input === '' ? '{}' : input)).toBeTypeOf('object')
          }
          const after = request.messages[index + 1]
          const answered = after?.role === 'tool' ? after.content.map(({ id }) => id) : []
          expect(answered).toEqual(called.map(({ id }) => id))
        })
      }
    }),
    { numRuns: 60 },
  )
})
