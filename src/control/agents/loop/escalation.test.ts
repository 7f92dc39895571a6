import { expect, test } from 'vitest'
import { scriptedModel } from '../../../testing/index.ts'
import { escalationMarkdown, runAgent } from '../index.ts'
import { scratchAgent, scratchBrief, scratchWorkspace } from './scratch-workspace.ts'

test('who takes over sees attempts, failing tests and the hypothesis, as Markdown', async () => {
  const workspace = scratchWorkspace()
  const plan = { plan: 'Try.', hypothesis: 'The sign is wrong in a.js.' }
  let edits = 0
  const model = scriptedModel((_request, turn) => {
    if (turn === 1) return { calls: [{ tool: 'notes_plan', input: plan }] }
    if (turn % 2 === 1) return { calls: [{ tool: 'tests_run' }] }
    return { calls: [{ tool: 'files_edit', input: { path: 'a.js', text: `bad ${(edits += 1)}` } }] }
  })
  const outcome = await runAgent({
    agent: scratchAgent(),
    brief: scratchBrief,
    tools: workspace.tools,
    model,
    acts: workspace.acts,
    key: 'k',
    signal: new AbortController().signal,
    tree: workspace.tree,
  })
  expect(outcome).toMatchObject({
    kind: 'stuck',
    breaker: 'same-test',
  })
  const table = escalationMarkdown(outcome.escalation)
  expect(table).toContain(
    '**Hypothesis:** The sign is wrong in a.js. — stopped: test of a.js still fails after 5 runs',
  )
  expect(table).toContain('| Attempted | Result |')
  expect(table).toContain('| files.edit a.js | 1 failing: test of a.js |')
  expect(table).toContain('| test of a.js | a.js is not right |')
  expect(table).toContain('| a.js | changed 5 times |')
  expect(table).not.toMatch(/[{}]/)
})

test('the table cannot be broken out of by what stands in it', () => {
  const table = escalationMarkdown({
    hypothesis: '<script>alert(1)</script>\n# Heading',
    attempts: [{ what: 'a | b\n| c | d |', result: '[click](http://evil) @everyone' }],
    failingTests: [],
    suspects: [],
    hints: [],
  })
  expect(table.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(3)
  expect(table).not.toMatch(/<script>|^# Heading|(?<!\\)\[click|(?<!\\)@everyone/m)
})
