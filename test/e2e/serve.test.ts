import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../src/api/client/index.ts'
import { packageRoot, type Started, startAtelier } from './atelier-process.ts'
import { scratchRepository } from './scratch-repository.ts'
import { ready, signIn } from './serving.ts'

let directory: string
let server: Started | undefined

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-serve-'))
  chmodSync(directory, 0o755)
})

afterAll(() => {
  server?.killGroup()
  rmSync(directory, { recursive: true, force: true })
})

test(
  'work is submitted, watched, commented on and decided over the API, and the server ends gracefully',
  { timeout: 600_000 },
  async () => {
    const repository = scratchRepository('examples/appointments', path.join(directory, 'repository'))
    server = startAtelier(path.join(directory, 'data'), ['serve', '--port', '0', '--json'])
    const { url, ownerLink } = await ready(server)
    const client = createClient({ baseUrl: url, headers: await signIn(ownerLink) })
    await expect(signIn(ownerLink)).rejects.toThrow('no session')
    await expect(createClient({ baseUrl: url }).getMe()).rejects.toMatchObject({ status: 401 })
    expect(await client.getMe()).toMatchObject({ id: 'person:owner', via: 'session' })

    const issue = readFileSync(path.join(packageRoot, 'examples/appointments/ISSUE.md'), 'utf8')
    const body = {
      issue: { title: /^# (.*)$/m.exec(issue)?.[1] ?? 'Appointments', body: issue },
      repository: { location: repository },
    }
    const preview = await client.previewWorkItem({ body })
    expect(preview).toMatchObject({ kind: 'repair', estimate: null })
    const work = await client.submitWorkItem({ body, idempotencyKey: 'one' })
    expect(await client.submitWorkItem({ body, idempotencyKey: 'one' })).toEqual(work)
    const { runId } = work
    const params = { runId }

    // One stream is cut after every few events and resumed: it tells the same as the other.
    const cut: number[] = []
    let lastEventId: string | undefined
    const watchCut = async (): Promise<void> => {
      for (;;) {
        const position = lastEventId === undefined ? {} : { lastEventId }
        let taken = 0
        for await (const event of client.watchRun({ params, ...position })) {
          cut.push(event.sequence)
          lastEventId = String(event.sequence)
          if (event.kind === 'run-waiting') return
          if ((taken += 1) === 5) break
        }
      }
    }
    const everywhere: string[] = []
    const stop = new AbortController()
    const watchAll = async (): Promise<void> => {
      for await (const event of client.watchTenant({ signal: stop.signal }))
        everywhere.push(`${event.runId} ${event.sequence}`)
    }
    const all = watchAll()
    await watchCut()
    expect(cut).toEqual(cut.map((_, index) => index + 1))

    const [item] = (await client.listInbox()).items
    // Nobody approves what they have asked for themselves.
    expect(item).toBeUndefined()
    const [approval] = (await client.listApprovals({ query: { status: 'pending' } })).items
    expect(approval).toMatchObject({ runId, needed: 1 })
    const change = await client.getChange({ params })
    expect(change.files.map((file) => file.patch?.startsWith('diff --git'))).toContain(true)
    const tests = await client.getTests({ params })
    expect(tests.before?.tests.some(({ outcome }) => outcome === 'failed')).toBe(true)
    expect(tests.fixed.length).toBeGreaterThan(0)
    const plan = await client.getRunPlan({ params })
    expect(plan.edges).toContainEqual({ from: 'verify', to: 'approval' })
    expect((await client.getStep({ params: { runId, stepId: 'baseline' } })).attempts).toHaveLength(1)
    expect(
      (await client.listStepLog({ params: { runId, stepId: 'baseline' } })).items.length,
    ).toBeGreaterThan(0)
    const acts = await client.listActs({ params, query: { limit: 2 } })
    expect(acts.items[0]).toMatchObject({ tool: 'intake.normalise', decision: { verdict: 'allow' } })
    const more = await client.listActs({ params, query: { limit: 200, after: acts.next ?? '' } })
    expect(new Set([...acts.items, ...more.items].map(({ key }) => key)).size).toBe(2 + more.items.length)
    const { spans } = await client.getTrace({ params })
    expect(spans.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['run', 'step', 'attempt', 'act']))

    const place = { path: change.files[0]!.path, line: 1, side: 'new' as const }
    const comment = await client.addComment({ params, body: { body: 'Why?', place } })
    expect((await client.listComments({ params })).items).toEqual([comment])
    await client.resolveComment({ params: { runId, commentId: comment.id } })
    await expect(client.getRun({ params: { runId: 'run_nothing' } })).rejects.toMatchObject({ status: 404 })

    // What was decided about is what was shown, by somebody who may.
    const decide = (subject: string) =>
      client.decideApproval({
        params: { approvalId: approval!.id },
        body: { verdict: 'approved', subject },
      })
    await expect(decide('sha256:other')).rejects.toMatchObject({ code: 'ATL_APPROVAL_SUBJECT_CHANGED' })
    await expect(decide(approval!.subject)).rejects.toMatchObject({
      code: 'ATL_APPROVAL_OWN_WORK',
      status: 403,
    })
    await client.cancelRun({ params, body: { reason: 'enough' } })
    await expect
      .poll(async () => (await client.getRun({ params })).status, { timeout: 60_000 })
      .toBe('cancelled')
    expect(
      (await client.listRuns({ query: { outcome: 'cancelled', text: 'ppointment' } })).items,
    ).toHaveLength(1)
    expect(await client.verifyEvidence({ params })).toMatchObject({ ok: true })
    expect(await client.verifyAudit()).toMatchObject({ ok: true })

    await expect.poll(() => everywhere.length, { timeout: 30_000 }).toBeGreaterThan(5)
    expect(new Set(everywhere).size).toBe(everywhere.length)
    server.child.kill('SIGTERM')
    stop.abort()
    await all
    expect(await server.finished).toMatchObject({ code: 0 })
    await expect(client.getMe()).rejects.toMatchObject({ code: 'ATL_CLIENT_UNREACHABLE' })
  },
)
