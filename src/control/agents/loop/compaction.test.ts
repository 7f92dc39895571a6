import { describe, expect, test } from 'vitest'
import type { ModelRequest } from '../../../contracts/index.ts'
import { type ScriptedTurn, scriptedModel } from '../../../testing/index.ts'
import { estimateTokens } from './elision.ts'
import { runAgent } from './run-agent.ts'
import { scratchAgent, scratchBrief, scratchWorkspace } from './scratch-workspace.ts'

const contextTokens = 12_000

/** Sixty turns of reading, changing and testing, far more than a request holds. */
async function longWork(): Promise<readonly ModelRequest[]> {
  const workspace = scratchWorkspace({ 'a.js': 'wrong', 'big.js': `right ${'z'.repeat(30_000)}` })
  const script: ScriptedTurn[] = [
    {
      calls: [
        {
          tool: 'notes_plan',
          input: {
            plan: 'Look first.',
            hypothesis: 'The parser drops it.',
            decisions: ['Keep the old name: callers use it.'],
          },
        },
      ],
    },
    ...Array.from({ length: 58 }, (_, index): ScriptedTurn => {
      if (index % 3 === 0)
        return { text: `thought ${index}`, calls: [{ tool: 'files_read', input: { path: 'big.js' } }] }
      if (index % 3 === 1)
        return { calls: [{ tool: 'files_edit', input: { path: 'a.js', text: `try ${index}` } }] }
      return { calls: [{ tool: 'tests_run' }] }
    }),
  ]
  const model = scriptedModel(script)
  await runAgent({
    agent: scratchAgent({
      model: `{ route: small, maxOutputTokens: 1000, contextTokens: ${contextTokens} }`,
      limits: '{ seconds: 600, toolCalls: 500, tokens: 100000000, money: 0, steps: 59 }',
      breakers: '{ sameTestCalls: 50 }',
    }),
    brief: scratchBrief,
    tools: workspace.tools,
    model,
    acts: workspace.acts,
    key: 'k',
    signal: new AbortController().signal,
    tree: workspace.tree,
  })
  return model.asked.map(({ request }) => request)
}

describe('work that is longer than a request holds', async () => {
  const requests = await longWork()
  const last = requests.at(-1)!
  const textOf = (request: ModelRequest): string => JSON.stringify(request.messages)

  test('goes on, and no request is too large', () => {
    expect(requests).toHaveLength(59)
    for (const request of requests) expect(estimateTokens(textOf(request))).toBeLessThan(contextTokens)
    expect(textOf(last).length).toBeLessThan(textOf(requests[20]!).length * 3)
  })

  test('goal, constraints, plan, hypothesis, decisions, changes, attempts and open failures stay', () => {
    const text = textOf(last)
    const kept = [
      'Make the failing test pass.',
      'Do not change tests.',
      'Look first.',
      'The parser drops it.',
      'Keep the old name: callers use it.',
      'files.edit a.js (',
      'files.edit a.js → 1 failing: test of a.js (',
      'files.read big.js (',
      'a.js is not right',
    ]
    expect(kept.filter((one) => !text.includes(one))).toEqual([])
    expect(text.includes('thought 0')).toBe(false)
  })

  test('the beginning of requests stays the same but for few compactions, so that providers can cache it', () => {
    const fronts = requests.map(({ messages }) => JSON.stringify(messages.slice(0, 2)))
    expect(new Set(fronts).size).toBeLessThan(12)
    let extended = 0
    requests.slice(1).forEach(({ messages }, index) => {
      const before = requests[index]!.messages
      if (JSON.stringify(messages.slice(0, before.length)) === JSON.stringify(before)) extended += 1
    })
    expect(extended).toBeGreaterThan(45)
  })
})

test('a brief that no request can hold is capped before anything is asked', async () => {
  const model = scriptedModel({ text: 'never' })
  const outcome = await runAgent({
    agent: scratchAgent({ model: '{ route: small, maxOutputTokens: 1000, contextTokens: 4000 }' }),
    brief: { ...scratchBrief, material: [{ label: 'log', text: 'x'.repeat(50_000) }] },
    tools: scratchWorkspace().tools,
    model,
    acts: scratchWorkspace().acts,
    key: 'k',
    signal: new AbortController().signal,
    tree: 'tree',
  })
  expect(outcome).toMatchObject({ kind: 'capped', limit: 'context', used: { steps: 0 } })
  expect(model.asked).toEqual([])
})
