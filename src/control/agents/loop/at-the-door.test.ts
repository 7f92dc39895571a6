import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Tool } from '../../../contracts/index.ts'
import type { Governance } from '../../../governance/index.ts'
import { AtelierError, type RunId, systemClock } from '../../../kernel/index.ts'
import { createGovernedStudio, free, type GovernedStudio, scriptedModel } from '../../../testing/index.ts'
import { agentTool, recordingTool, refusedTool, runAgent, type RunAgentOptions } from '../index.ts'
import { scratchAgent, scratchBrief, scratchResult } from './scratch-workspace.ts'

let studio: GovernedStudio
beforeAll(async () => {
  studio = await createGovernedStudio()
})
afterAll(() => studio[Symbol.asyncDispose]())

/** A token of a well-known form, as it might stand in a repository. */
const secret = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')

function countingTools() {
  const performed: string[] = []
  const declare = <S extends z.ZodType>(
    name: string,
    effect: Tool['effect'],
    input: S,
    perform: (input: z.infer<S>) => object,
  ): Tool => ({
    name,
    summary: `Sample ${name}.`,
    input,
    output: z.json(),
    effect,
    permissions: [],
    failureModes: ['ATL_SAMPLE_MISSING'],
    worstCase: free,
    perform: (given) => {
      performed.push(name)
      return Promise.resolve(perform(input.parse(given)))
    },
  })
  const read = declare('files.read', 'read', z.strictObject({ path: z.string() }), ({ path }) => {
    if (path === 'config.js') return { text: `token = '${secret}'` }
    throw new AtelierError({
      code: 'ATL_SAMPLE_MISSING',
      summary: `There is no ${path}`,
      remedy: 'Look for it.',
    })
  })
  const edit = declare(
    'files.edit',
    'workspace',
    z.strictObject({ tree: z.string(), path: z.string(), text: z.string() }),
    ({ tree, text }) => ({ tree: `${tree}+${text}`, text: 'changed' }),
  )
  const run = declare('tests.run', 'workspace', z.strictObject({ tree: z.string() }), ({ tree }) => ({
    tree,
    failing: tree.endsWith('right') ? [] : ['test of a.js'],
    text: 'ran',
  }))
  return { performed, tools: [read, edit, run] }
}

const publish = { name: 'repository.publish', effect: 'external-reversible', permissions: [] } as const

class Killed extends Error {}

function optionsFor(
  governance: Governance,
  runId: RunId,
  tools: readonly Tool[],
): Omit<RunAgentOptions, 'model'> {
  return {
    agent: scratchAgent({ tools: '[files.read, files.edit, tests.run]' }),
    brief: scratchBrief,
    tools: tools.map((tool) => agentTool(tool)),
    acts: {
      perform: ({ tool, input, key, signal }) => {
        const found = tools.find(({ name }) => name === tool)!
        const request = studio.request(runId, { key, signal, principal: studio.agent })
        return governance.door.act(recordingTool(found, systemClock), input, request)
      },
      refuse: async (refused) => {
        const grants = tools.map(({ name }) => name)
        const { key, signal } = refused
        const request = studio.request(runId, { key, signal, principal: studio.agent, grants })
        const act = governance.door.act(refusedTool(refused, [publish]), refused.input, request)
        await expect(act).rejects.toMatchObject({ code: 'ATL_DOOR_NOT_GRANTED' })
      },
    },
    key: `${runId}:develop`,
    signal: new AbortController().signal,
    tree: 'base',
  }
}

const call = (tool: string, input: object = {}) => ({ calls: [{ tool, input }] })
const script = [
  call('files_read', { path: 'nowhere.js' }),
  call('files_read', { path: 'config.js' }),
  call('repository_publish', { tree: 'base' }),
  call('files_edit', { path: 'a.js', text: 'wrong' }),
  call('tests_run'),
  call('files_edit', { path: 'a.js', text: 'right' }),
  call('tests_run'),
  call('finish', scratchResult),
]

test('another process goes on from the acts on record: none is done twice, and every request is the same', async () => {
  const runId = await studio.openRun()
  const { performed, tools } = countingTools()
  const model = scriptedModel(script)
  let calls = 0
  const first = optionsFor(studio.governance, runId, tools)
  const dying: RunAgentOptions['acts'] = {
    ...first.acts,
    perform: async (one) => {
      const outcome = await first.acts.perform(one)
      if ((calls += 1) === 4) throw new Killed()
      return outcome
    },
  }
  await expect(runAgent({ ...first, acts: dying, model })).rejects.toThrow(Killed)
  expect(performed).toHaveLength(4)

  const outcome = await runAgent({ ...optionsFor(await studio.restart(), runId, tools), model })
  expect(outcome).toMatchObject({ kind: 'completed', tree: 'base+wrong+right', used: { steps: 8 } })
  expect(performed).toEqual([
    'files.read',
    'files.read',
    'files.edit',
    'tests.run',
    'files.edit',
    'tests.run',
  ])
  expect(model.asked).toHaveLength(8)

  const whole = scriptedModel(script)
  const again = await runAgent({ ...optionsFor(studio.governance, runId, tools), model: whole })
  expect(again).toEqual(outcome)
  expect(JSON.stringify(whole.asked)).toBe(JSON.stringify(model.asked))
  expect(performed).toHaveLength(6)
})

test('a secret of the repository reaches no model, and a tool that was not granted is refused at the door, once', async () => {
  const runId = await studio.openRun()
  const { tools } = countingTools()
  const model = scriptedModel(script)
  await runAgent({ ...optionsFor(studio.governance, runId, tools), model })
  const asked = JSON.stringify(model.asked)
  expect(asked).not.toContain(secret)
  expect(asked).toContain('[redacted:')
  expect(asked).toContain('There is no tool repository_publish for you.')
  const acts = await studio.database.transaction(studio.scope, (tx) =>
    tx.selectFrom('acts').select(['tool', 'state']).where('run_id', '=', runId).execute(),
  )
  const used = acts.filter(({ state }) => state !== 'refused')
  expect(new Set(used.map(({ tool }) => tool))).toEqual(new Set(['files.read', 'files.edit', 'tests.run']))
  await runAgent({ ...optionsFor(studio.governance, runId, tools), model: scriptedModel(script) })
  const denied = await studio.database.transaction(studio.scope, (tx) =>
    tx
      .selectFrom('audit_log')
      .select(['action', 'principal_id', 'record'])
      .where('run_id', '=', runId)
      .where('outcome', '=', 'denied')
      .execute(),
  )
  expect(denied).toMatchObject([{ action: 'tool:repository.publish', principal_id: studio.agent.id }])
  expect(denied[0]?.record).toContain('ATL_DOOR_NOT_GRANTED')
})

test('what the budget does not allow caps the work', async () => {
  const runId = await studio.openRun({ limits: { toolCalls: 2 } })
  const { tools, performed } = countingTools()
  const outcome = await runAgent({
    ...optionsFor(studio.governance, runId, tools),
    model: scriptedModel(script),
  })
  expect(outcome).toMatchObject({ kind: 'capped', limit: 'budget' })
  expect(performed).toHaveLength(2)
})

test('a record of other requests is not mixed with these', async () => {
  const runId = await studio.openRun()
  const { tools } = countingTools()
  const options = optionsFor(studio.governance, runId, tools)
  await runAgent({ ...options, model: scriptedModel(script) })
  const other = scriptedModel([call('files_read', { path: 'else.js' }), call('finish', scratchResult)])
  await expect(runAgent({ ...options, model: other })).rejects.toMatchObject({
    code: 'ATL_AGENT_RECORD_DIFFERS',
  })
})
