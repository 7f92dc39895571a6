import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyLedger } from '../../governance/index.ts'
import { policyLocations } from '../../testing/index.ts'
import type { AskingProcess } from './fixtures/asking-process.ts'
import { asking, catalogueOf, createScratchGateway, question } from './scratch-gateway.ts'
import type { ScratchGateway } from './scratch-gateway.ts'
import { answerPartly, answerText, startUpstream } from './scratch-upstream.ts'
import type { ScratchUpstream } from './scratch-upstream.ts'

const program = join(import.meta.dirname, 'fixtures/asking-process.ts')

let upstream: ScratchUpstream
let scratch: ScratchGateway

beforeAll(async () => {
  upstream = await startUpstream()
  scratch = await createScratchGateway(catalogueOf({ small: { url: upstream.url } }))
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

it('a call whose process is killed in mid-stream is made again under its key, and its budget holds', async () => {
  upstream.behave(answerPartly('Half of it ', () => undefined))
  const access = await scratch.access({ money: 100_000, tokens: 100_000 })
  const { studio, folder } = scratch
  const call: AskingProcess = {
    target: studio.testDatabase.target,
    directory: studio.directory,
    policies: policyLocations,
    folder,
    access,
    key: 'k',
    model: 'small',
  }
  const child = spawn(process.execPath, [program, JSON.stringify(call)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const held = await scratch.spent(access)
  expect(held).toMatchObject({ money: 0, tokens: 0 })
  expect(held.reserved).toBeGreaterThan(0)

  upstream.behave(answerText('Hello there'))
  const client = scratch.gateway.client(access)
  const response = await client.ask(question('small'), asking({ key: 'k' }))
  expect(response).toMatchObject({ cost: 90, content: [{ text: 'Hello there' }] })
  const { money, reserved } = await scratch.spent(access)
  expect(reserved).toBe(0)
  // Nobody knows what the dead process used of its reservation, so all of it counts.
  expect(money).toBeGreaterThan(90)

  expect(await client.ask(question('small'), asking({ key: 'k' }))).toEqual(response)
  expect(upstream.received).toHaveLength(2)
  expect((await scratch.spent(access)).money).toBe(money)
  const report = await studio.database.transaction(studio.scope, (tx) =>
    verifyLedger(tx, studio.tenantId, [access.runId]),
  )
  expect(report.problems).toEqual([])
})
