import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Tool } from '../../../contracts/index.ts'
import { AtelierError } from '../../../kernel/index.ts'
import { movableClock, toolContextOf } from '../../../testing/index.ts'
import { modelNameOf } from '../../../execution/development/index.ts'
import { agentTool, grantedTools, recordingTool } from './agent-tool.ts'
import { scratchAgent } from './scratch-workspace.ts'

const wrong = new AtelierError({ code: 'ATL_SAMPLE_WRONG', summary: 'It is wrong', remedy: 'Do otherwise.' })
const away = new AtelierError({
  code: 'ATL_SAMPLE_AWAY',
  summary: 'It is away',
  remedy: 'Wait.',
  retryable: true,
})

function sample(perform: Tool<{ path: string }>['perform'] = () => Promise.resolve({ text: 'x' })) {
  return {
    name: 'files.read',
    summary: 'Reads.',
    input: z.strictObject({ path: z.string(), tree: z.string(), workspace: z.json() }),
    output: z.unknown(),
    effect: 'read',
    permissions: [],
    failureModes: [],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 1 },
    perform,
  } satisfies Tool<{ path: string; tree: string; workspace: unknown }>
}

describe('a tool as an agent sees it', () => {
  const tool = agentTool(sample(), { supply: { workspace: { root: '/w' } } })

  test('has a name that providers take, and a schema without what the studio fills in', () => {
    expect(tool.modelTool).toMatchObject({
      name: 'files_read',
      input: { properties: { path: { type: 'string' } }, required: ['path'], additionalProperties: false },
    })
    expect(modelNameOf('a'.repeat(80))).toMatch(/^a{55}_[0-9a-f]{8}$/)
  })

  test('gets workspace and tree from the studio, never from the model', () => {
    expect(tool.inputFor({ path: 'a' }, 't1')).toEqual({
      input: { path: 'a', tree: 't1', workspace: { root: '/w' } },
    })
    expect(tool.inputFor({ path: 'a', tree: 'other' }, 't1')).toEqual({
      problem: 'there is no tree in the input',
    })
    expect(tool.inputFor({ path: 'a', workspace: 1 }, 't1')).toHaveProperty('problem')
    expect(tool.inputFor({ path: 1 }, 't1')).toHaveProperty('problem')
  })

  test('that was made for models keeps its own name and takes what they write as arguments', () => {
    const parameters = z.strictObject({ path: z.string() })
    const made = agentTool({
      ...sample(),
      input: z.object({ tree: z.string(), arguments: parameters }),
      modelTool: { name: 'read', description: 'Reads.', input: { type: 'object' } },
    })
    expect(made.modelTool.name).toBe('read')
    expect(made.inputFor({ path: 'a' }, 't')).toEqual({ input: { arguments: { path: 'a' }, tree: 't' } })
    expect(made.inputFor({ path: 'a', tree: 'u' }, 't')).toHaveProperty('problem')
  })

  test('shows the text of its output, or all of it but the tree', () => {
    expect(tool.present({ text: 'hello', tree: 't' })).toBe('hello')
    expect(tool.present({ found: 2, tree: 't' })).toBe('{\n  "found": 2\n}')
    expect(tool.present('plain')).toBe('plain')
  })

  test('says which tests fail, and which of the failing ones can have passed', () => {
    const all = tool.observe({ tree: 't', failing: ['a.js > one'], outcome: 'failed' }, {})
    expect(all).toMatchObject({ tree: 't', tests: { failing: [{ id: 'a.js > one', message: '' }] } })
    expect(all.tests!.passes('b.js > two')).toBe(true)
    const some = tool.observe({ failing: [], outcome: 'passed' }, { files: ['a.js'] })
    expect([some.tests!.passes('a.js > one'), some.tests!.passes('b.js > two')]).toEqual([true, false])
    const named = tool.observe({ failing: [] }, { names: ['two'] })
    expect([named.tests!.passes('a.js > one'), named.tests!.passes('b.js > two')]).toEqual([false, true])
  })

  test('a suite that crashes fails as a whole until it runs again; one without tests says nothing', () => {
    const crashed = tool.observe({ failing: [], outcome: 'crashed' }, {})
    const [suite] = crashed.tests!.failing
    expect(suite!.message).toBe('crashed')
    expect(crashed.tests!.passes('anything')).toBe(false)
    expect(
      tool.observe({ failing: ['x'], outcome: 'failed' }, { files: ['a'] }).tests!.passes(suite!.id),
    ).toBe(true)
    expect(tool.observe({ failing: [], outcome: 'no-tests' }, {}).tests).toBeUndefined()
  })
})

test('an agent file that grants a tool that is not there is refused', () => {
  const agent = scratchAgent({ tools: '[files.read, no.such, notes.plan]' })
  expect(() => grantedTools(agent, [agentTool(sample())])).toThrow(
    expect.objectContaining({ code: 'ATL_AGENT_TOOL_MISSING' }),
  )
})

describe('a recording tool', () => {
  const clock = movableClock()
  const input = { path: 'a' }
  const perform = (how: Tool<{ path: string }>['perform'], more: object = {}) => {
    const tool = { ...sample(how), ...more, input: z.object({ path: z.string() }) }
    return recordingTool(tool, clock).perform(input, toolContextOf('tenant'))
  }

  test('records what came of the call and how long it took', async () => {
    const slow = () => {
      clock.advance(1234)
      return Promise.resolve({ text: 'x', nothing: undefined })
    }
    expect(await perform(slow)).toEqual({ kind: 'answered', output: { text: 'x' }, milliseconds: 1234 })
  })

  test('records failures for the model, and throws those that may pass and defects', async () => {
    expect(await perform(() => Promise.reject(wrong))).toMatchObject({
      kind: 'failed',
      error: { code: 'ATL_SAMPLE_WRONG', remedy: 'Do otherwise.' },
    })
    await expect(perform(() => Promise.reject(away))).rejects.toThrow('It is away')
    await expect(perform(() => Promise.reject(new Error('bug')))).rejects.toThrow('bug')
  })

  test('keeps the conditions of the tool', async () => {
    const outcome = await perform(() => Promise.resolve({}), { postcondition: () => 'nothing was read' })
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'ATL_AGENT_RESULT_WRONG' } })
    const tool = { ...sample(), input: z.object({ path: z.string() }), precondition: () => 'not now' }
    expect(recordingTool(tool, clock).precondition?.(input)).toBe('not now')
  })

  test('is not made of one with an effect outside', () => {
    const tool = {
      ...sample(),
      input: z.object({ path: z.string() }),
      recover: () => Promise.resolve(undefined),
    }
    expect(() => recordingTool(tool, clock)).toThrow('effect outside')
  })
})
