import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunId } from '../../kernel/index.ts'
import { createGovernedStudio, createWorld, echoTool, publishTool } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import type { AuditRecord } from '../audit/index.ts'
import { actsOfRun } from './index.ts'
import type { ActRecord } from './index.ts'

let studio: GovernedStudio

beforeAll(async () => {
  studio = await createGovernedStudio()
})
afterAll(() => studio[Symbol.asyncDispose]())

const acts = (runId: RunId): Promise<readonly ActRecord[]> =>
  studio.database.transaction(studio.scope, (tx) => actsOfRun(tx, studio.tenantId, runId))

async function outcomes(runId: RunId): Promise<string[]> {
  const rows = await studio.database.transaction(studio.scope, (tx) =>
    studio.governance.audit.ofRun(tx, studio.tenantId, runId),
  )
  return rows
    .map(({ record }) => JSON.parse(record ?? '') as AuditRecord)
    .map(({ action, outcome }) => `${action} ${outcome}`)
}

describe('an external effect', () => {
  it('happens after an approval of exactly this tree, and is on record before it happens', async () => {
    const world = createWorld()
    const runId = await studio.openRun()
    const subject = await studio.approve(runId, 'tree-a')
    const recorded: string[][] = []
    world.onPublish = async () => void recorded.push(await outcomes(runId))
    const request = studio.request(runId, { approval: { subject } })
    const output = await studio.governance.door.act(publishTool(world), { tree: 'tree-a' }, request)
    expect(output).toEqual({ branch: 'atelier/tree-a' })
    expect(recorded[0]!.at(-1)).toBe('tool:repository.publish started')
    expect((await outcomes(runId)).at(-1)).toBe('tool:repository.publish succeeded')
    expect((await acts(runId))[0]!.approvalId).toMatch(/^apr_/)
  })

  it.each([
    ['no approval', 'ATL_DOOR_APPROVAL_MISSING', () => ({})],
    [
      'an approval that nobody gave',
      'ATL_DOOR_APPROVAL_MISSING',
      () => ({ approval: { subject: studio.subjectOf('tree-b') } }),
    ],
    [
      'an approval of another tree',
      'ATL_DOOR_APPROVAL_MISSING',
      (approved: ReturnType<GovernedStudio['subjectOf']>) => ({ approval: { subject: approved } }),
    ],
  ])('does not happen with %s', async (_what, code, overrides) => {
    const world = createWorld()
    const runId = await studio.openRun()
    const approved = await studio.approve(runId, 'tree-a')
    const request = studio.request(runId, overrides(approved))
    await expect(
      studio.governance.door.act(publishTool(world), { tree: 'tree-b' }, request),
    ).rejects.toMatchObject({ code })
    expect(world.effects).toEqual([])
  })

  it('does not happen with the approval of another run', async () => {
    const world = createWorld()
    const subject = await studio.approve(await studio.openRun(), 'tree-a')
    const request = studio.request(await studio.openRun(), { approval: { subject } })
    await expect(
      studio.governance.door.act(publishTool(world), { tree: 'tree-a' }, request),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_APPROVAL_MISSING' })
    expect(world.effects).toEqual([])
  })

  it('is never caused by an agent, nor by a person', async () => {
    const world = createWorld()
    const runId = await studio.openRun()
    const subject = await studio.approve(runId, 'tree-a')
    for (const principal of [studio.agent, studio.people.owner]) {
      await expect(
        studio.governance.door.act(
          publishTool(world),
          { tree: 'tree-a' },
          studio.request(runId, { principal, approval: { subject } }),
        ),
      ).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
    }
    expect(world.effects).toEqual([])
  })

  it('needs a tool that can look before it leaps', async () => {
    const runId = await studio.openRun()
    const subject = await studio.approve(runId, 'tree-a')
    const careless = echoTool(undefined, {
      name: 'repository.publish',
      effect: 'external-reversible',
      approvedTree: () => 'tree-a',
    })
    await expect(
      studio.governance.door.act(
        careless,
        { text: 'tree-a' },
        studio.request(runId, { approval: { subject } }),
      ),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_TOOL_INCOMPLETE' })
  })

  it('that happened although the tool failed is found instead of repeated', async () => {
    const world = createWorld()
    world.onPublish = () => Promise.reject(new Error('connection reset'))
    const runId = await studio.openRun()
    const subject = await studio.approve(runId, 'tree-a')
    const request = studio.request(runId, { approval: { subject } })
    const publish = () => studio.governance.door.act(publishTool(world), { tree: 'tree-a' }, request)
    await expect(publish()).rejects.toMatchObject({ code: 'ATL_DOOR_TOOL_DEFECT', retryable: true })
    expect(await publish()).toEqual({ branch: 'atelier/tree-a' })
    expect(world.effects).toHaveLength(1)
    expect((await acts(runId))[0]).toMatchObject({ state: 'succeeded', recovered: true, attempt: 2 })
  })

  it('that happened is recorded even if its approval has become void since', async () => {
    const world = createWorld()
    world.onPublish = () => Promise.reject(new Error('connection reset'))
    const runId = await studio.openRun()
    const subject = await studio.approve(runId, 'tree-a')
    const request = studio.request(runId, { approval: { subject } })
    const publish = () => studio.governance.door.act(publishTool(world), { tree: 'tree-a' }, request)
    await expect(publish()).rejects.toMatchObject({ code: 'ATL_DOOR_TOOL_DEFECT' })
    await studio.database.transaction(studio.scope, (tx) =>
      studio.governance.approvals.voidChanged(tx, studio.tenantId, runId, { tree: 'tree-b' }),
    )
    expect(await publish()).toEqual({ branch: 'atelier/tree-a' })
    // One that did not happen does not happen any more.
    world.effects.length = 0
    const second = studio.request(runId, { approval: { subject } })
    await expect(
      studio.governance.door.act(publishTool(world), { tree: 'tree-a' }, second),
    ).rejects.toMatchObject({ code: 'ATL_DOOR_APPROVAL_MISSING' })
    expect(world.effects).toEqual([])
  })
})
