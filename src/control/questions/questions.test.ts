import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Principal } from '../../contracts/index.ts'
import { type ProjectId, type RunId, silentLogger } from '../../kernel/index.ts'
import { createGovernedStudio, type GovernedStudio, movableClock } from '../../testing/index.ts'
import { askTool, giveAnswer, type OpenQuestion, readAnswer } from './index.ts'

const clock = movableClock()
let studio: GovernedStudio
beforeAll(async () => {
  studio = await createGovernedStudio({ clock })
})
afterAll(() => studio[Symbol.asyncDispose]())

/** A question of an agent in a run of its own. */
async function ask(): Promise<{ runId: RunId; question: OpenQuestion }> {
  const runId = await studio.openRun()
  const asked = { id: `${runId}:turn-1:call-1`, question: 'Which?', why: 'Both fit.', options: ['a', 'b'] }
  const request = studio.request(runId, { key: asked.id, principal: studio.agent })
  const when = await studio.governance.door.act(askTool(clock), asked, request)
  return { runId, question: { ...asked, ...when, askedBy: studio.agent.id } }
}

const answer = (
  { runId, question }: Awaited<ReturnType<typeof ask>>,
  person: Principal,
  text = 'The first.',
) =>
  giveAnswer(
    { database: studio.database, door: studio.governance.door, clock, logger: silentLogger },
    { tenantId: studio.tenantId, runId, stepId: 'develop', question, person, text },
  )

const given = (question: OpenQuestion) =>
  studio.database.transaction(studio.scope, (tx) => readAnswer(tx, studio.tenantId, question.id))

test('the first answer counts, and is on record with who gave it', async () => {
  const asked = await ask()
  expect(await given(asked.question)).toBeUndefined()
  const both = await Promise.allSettled([
    answer(asked, studio.people.engineer),
    answer(asked, studio.people.owner, 'The second.'),
  ])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const first = await given(asked.question)
  await expect(answer(asked, studio.people.owner, 'Another.')).rejects.toMatchObject({
    code: 'ATL_QUESTION_ANSWERED',
  })
  expect(await given(asked.question)).toEqual(first)
  const audited = await studio.database.transaction(studio.scope, (tx) =>
    tx
      .selectFrom('audit_log')
      .select(['principal_id', 'outcome'])
      .where('run_id', '=', asked.runId)
      .where('action', '=', 'tool:person.answer')
      .where('outcome', '=', 'succeeded')
      .execute(),
  )
  expect(audited).toEqual([{ principal_id: first!.by, outcome: 'succeeded' }])
})

test('whoever answers is an author of the change, and does not approve it', async () => {
  const asked = await ask()
  await answer(asked, studio.people.owner)
  const { governance, tenantId, scope, service, people } = studio
  const approval = await studio.database.transaction(scope, (tx) =>
    governance.approvals.request(tx, {
      tenantId,
      projectId: 'project' as ProjectId,
      runId: asked.runId,
      stepId: 'approval',
      requester: service,
      subject: studio.subjectOf('tree'),
      question: {},
      expiresInMs: 60_000,
    }),
  )
  await expect(
    governance.approvals.decide({
      tenantId,
      requestId: approval.id,
      principal: people.owner,
      verdict: 'approved',
      reason: '',
    }),
  ).rejects.toMatchObject({ code: 'ATL_APPROVAL_OWN_WORK' })
})

test('only people who have a say in the run answer, and something', async () => {
  const asked = await ask()
  for (const principal of [studio.agent, studio.service, studio.people.approver])
    await expect(answer(asked, principal)).rejects.toMatchObject({ code: 'ATL_DOOR_DENIED' })
  await expect(answer(asked, studio.people.reporter, '  ')).rejects.toMatchObject({
    code: 'ATL_DOOR_INPUT_INVALID',
  })
  expect(await given(asked.question)).toBeUndefined()
  await answer(asked, studio.people.reporter)
  expect(await given(asked.question)).toEqual({ text: 'The first.', by: studio.people.reporter.id })
})

test('a secret in an answer stays out of the record, and so from the model', async () => {
  const asked = await ask()
  const secret = ['ghp', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('_')
  await answer(asked, studio.people.reporter, `Use ${secret}.`)
  expect((await given(asked.question))?.text).toMatch(/^Use \[redacted:/)
})

test('asking again tells when it was asked first, and after a week nobody answers any more', async () => {
  const asked = await ask()
  clock.advance(24 * 3_600_000)
  const { question, why, options, id } = asked.question
  const request = studio.request(asked.runId, { key: id, principal: studio.agent })
  const again = await studio.governance.door.act(askTool(clock), { id, question, why, options }, request)
  expect(again).toEqual({ askedAt: asked.question.askedAt, expiresAt: asked.question.expiresAt })
  clock.advance(6 * 24 * 3_600_000)
  await expect(answer(asked, studio.people.reporter)).rejects.toMatchObject({ code: 'ATL_QUESTION_EXPIRED' })
})
