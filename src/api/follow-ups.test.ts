import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunId } from '../kernel/index.ts'
import { policyLocations } from '../testing/index.ts'
import type { KilledDecision } from './fixtures/killed-decision.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from './scratch-studio.ts'

const run = promisify(execFile)

let studio: ScratchStudio
let tenant: ScratchTenant

beforeAll(async () => {
  studio = await createScratchStudio()
  tenant = await studio.createTenant()
}, 120_000)
afterAll(() => studio[Symbol.asyncDispose]())

/** Has another process ask for changes and die; answers whose change it was. */
async function askAndDie(
  killAfter: KilledDecision['killAfter'],
): Promise<{ readonly runId: RunId; readonly id: string }> {
  const { runId, request } = await tenant.waitingRun()
  const { testDatabase, directory } = studio.governed
  const file = join(directory, `decision-${killAfter}.json`)
  const decision: KilledDecision = {
    target: testDatabase.target,
    directory,
    policies: policyLocations,
    caller: tenant.callers.approver,
    approvalId: request.id,
    subject: request.subjectDigest,
    killAfter,
  }
  await writeFile(file, JSON.stringify(decision))
  const child = run(process.execPath, [join(import.meta.dirname, 'fixtures/killed-decision.ts'), file])
  await expect(child).rejects.toMatchObject({ signal: 'SIGKILL' })
  return { runId, id: request.id }
}

const followUpsOf = async (runId: RunId) => {
  const { items } = await studio.services.workItems.list(tenant.callers.viewer, { limit: 200 })
  return items.filter(({ source }) => source === `follow-up:${runId}`)
}

describe('changes that were asked for', { timeout: 120_000 }, () => {
  it('are taken up by exactly one run, wherever on the way the process dies', async () => {
    const instants = ['decision', 'mandate', 'start'] as const
    const killed = await Promise.all(instants.map((instant) => askAndDie(instant)))
    // Two processes of a studio go their rounds at the same time.
    await Promise.all([studio.services.upkeep.once(), studio.services.upkeep.once()])
    for (const { runId, id } of killed) {
      const [followUp, ...others] = await followUpsOf(runId)
      expect(others).toEqual([])
      expect(followUp).toMatchObject({ requester: 'person:requester' })
      const approval = await studio.services.approvals.get(tenant.callers.viewer, id)
      expect(approval).toMatchObject({
        status: 'changes-requested',
        followUp: { runId: followUp?.run?.id, problem: null },
      })
      const again = await studio.services.workItems.get(tenant.callers.viewer, followUp?.id ?? '')
      expect(again.body).toContain('- Smaller, please.')
    }
  })

  it('say why there is no run, where whoever asked for the work may ask for none any more', async () => {
    const { runId, request } = await tenant.waitingRun()
    const { database } = studio.governed
    const { principal } = tenant.callers.owner
    const scope = { kind: 'tenant', tenantId: tenant.id, principalId: principal.id } as const
    const setRole = (role: 'engineer' | 'viewer') =>
      database.transaction(scope, (tx) =>
        tx
          .updateTable('principal_roles')
          .set({ role })
          .where('principal_id', '=', 'person:requester')
          .execute(),
      )
    await setRole('viewer')
    const { approval, followUpRunId } = await studio.services.approvals.decide(
      tenant.callers.approver,
      request.id,
      {
        verdict: 'changes-requested',
        reason: 'Smaller, please.',
        subject: request.subjectDigest,
      },
    )
    expect(followUpRunId).toBeNull()
    expect(approval.followUp).toMatchObject({ runId: null, problem: expect.stringMatching(/./) as string })
    await studio.services.upkeep.once()
    expect(await followUpsOf(runId)).toEqual([])
    await setRole('engineer')
  })

  it('are asked for once by a key that is sent again', async () => {
    const request = {
      issue: { title: 'Tidy up', body: '' },
      repository: { location: '/srv/sample' },
      task: { kind: 'format' as const, paths: [] },
      labels: [],
    }
    const submit = () =>
      studio.services.workItems.submit(tenant.callers.engineer, request, { source: 'cli', key: 'nightly' })
    expect(await submit()).toEqual(await submit())
  })
})
