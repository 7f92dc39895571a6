import { expect, test } from 'vitest'
import { type ScriptedTurn, scriptedModel } from '../../../testing/index.ts'
import { escalationMarkdown } from './escalation.ts'
import { runTiers } from './run-tiers.ts'
import { scratchAgent, scratchBrief, scratchResult, scratchWorkspace } from './scratch-workspace.ts'

const edit = (text: string) => ({ calls: [{ tool: 'files_edit', input: { path: 'a.js', text } }] })
const runTests = { calls: [{ tool: 'tests_run' }] }
const finish = { calls: [{ tool: 'finish', input: scratchResult }] }

function work(script: ScriptedTurn, model = '{ route: small, fallback: [large, larger, largest] }') {
  const workspace = scratchWorkspace()
  const scripted = scriptedModel(script)
  return {
    scripted,
    workspace,
    done: runTiers({
      agent: scratchAgent({ model }),
      brief: scratchBrief,
      tools: workspace.tools,
      model: scripted,
      acts: workspace.acts,
      key: 'k',
      signal: new AbortController().signal,
      tree: workspace.tree,
    }),
  }
}

test('a tier that is stuck hands on to the next, which starts from the first tree and is told what was tried', async () => {
  let turns = 0
  const { scripted, workspace, done } = work((request) => {
    if (request.model === 'small') return (turns += 1) % 2 === 1 ? edit(`bad ${turns}`) : runTests
    turns += 1
    const last = request.messages.at(-1)
    if (last?.role === 'user') return edit('right')
    return JSON.stringify(last).includes('0 failing') ? finish : runTests
  })
  const { outcome, attempts } = await done
  expect(outcome).toMatchObject({ kind: 'completed', route: 'large', tier: 1, next: { kind: 'nobody' } })
  expect(attempts.map(({ kind, route }) => [kind, route])).toEqual([
    ['stuck', 'small'],
    ['completed', 'large'],
  ])
  expect(workspace.filesOf(outcome.tree)).toEqual({ 'a.js': 'right' })
  const second = scripted.asked.find(({ key }) => key === 'k:tier-1:turn-1')!
  const brief = JSON.stringify(second.request.messages[1])
  expect(brief).toContain('an earlier attempt by small that did not succeed')
  expect(brief).toContain('still fails after 5 runs')
  // What the first tier used counts for the second.
  expect(outcome.used.steps).toBe(scripted.asked.length)
})

test('after three attempts that failed a person is asked, with one table of all of them', async () => {
  let edits = 0
  const { done } = work((request) =>
    JSON.stringify(request.messages.at(-1)).includes('changed a.js') ? runTests : edit(`bad ${(edits += 1)}`),
  )
  const { outcome, attempts } = await done
  expect(attempts.map(({ route }) => route)).toEqual(['small', 'large', 'larger'])
  expect(outcome).toMatchObject({ kind: 'stuck', breaker: 'same-test', next: { kind: 'person' } })
  const table = escalationMarkdown(outcome.escalation)
  expect(table).toContain('| Attempted | Result |')
  expect(table).toMatch(/\| small: files\.edit a\.js \| 1 failing: test of a\.js \|/)
  expect(table).toMatch(/\| larger: files\.edit a\.js \|/)
  expect(table).toContain('| test of a.js | a.js is not right |')
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
