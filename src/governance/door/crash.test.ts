import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EffectClass } from '../../contracts/index.ts'
import type { RunId } from '../../kernel/index.ts'
import { createGovernedStudio, policyLocations } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import type { AuditRecord } from '../audit/index.ts'
import { verifyLedger } from '../budget/index.ts'
import { filePublisher } from './fixtures/killed-act.ts'
import type { KilledAct } from './fixtures/killed-act.ts'
import { costlyTool } from './fixtures/killed-acts.ts'
import type { KilledActs } from './fixtures/killed-acts.ts'
import { actsOfRun } from './index.ts'

const program = join(import.meta.dirname, 'fixtures/killed-act.ts')
const programOfMany = join(import.meta.dirname, 'fixtures/killed-acts.ts')

let studio: GovernedStudio

beforeAll(async () => {
  studio = await createGovernedStudio()
})
afterAll(() => studio[Symbol.asyncDispose]())

/** Runs an act in a process of its own that kills itself at the given instant. Answers what it printed. */
function inProcess(
  path: string,
  act: KilledAct | KilledActs,
): Promise<{ readonly killed: boolean; readonly output: string }> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [path, JSON.stringify(act)], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ killed: false, output: stdout })
      else if (error.signal === 'SIGKILL') resolve({ killed: true, output: stdout })
      else reject(new Error(`${error.message}\n${stderr}`))
    })
  })
}

interface Survived {
  /** Names of the instants that the process came to, the last one being that of its death. */
  readonly instants: readonly string[]
  readonly killed: boolean
  readonly effects: number
  readonly attempts: number
}

/** Kills an act at an instant, performs it again in this process, and checks that nothing shows. */
async function surviveKillAt(killAt: number, effect: EffectClass): Promise<Survived> {
  const runId = await studio.openRun({ limits: { money: 100, toolCalls: 10 } })
  const tree = `tree-${randomUUID()}`
  const world = join(studio.directory, `world-${randomUUID()}`)
  await writeFile(world, '')
  const subject = await studio.approve(runId, tree)
  const { signal, logger, report, ...request } = studio.request(runId, { approval: { subject } })
  const { target } = studio.testDatabase
  const { killed, output } = await inProcess(program, {
    target,
    directory: studio.directory,
    policies: policyLocations,
    world,
    killAt,
    effect,
    request,
    tree,
  })
  const governance = await studio.restart()
  const result = await governance.door.act(
    filePublisher(world, effect, () => undefined),
    { tree },
    { ...request, signal, logger, report },
  )
  expect(result).toEqual({ branch: `atelier/${tree}` })
  await governance.administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
  await expectConsistent(runId)
  const [act] = await studio.database.transaction(studio.scope, (tx) => actsOfRun(tx, studio.tenantId, runId))
  return {
    instants: output
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\d+ /, '')),
    killed,
    effects: (await readFile(world, 'utf8')).trim().split('\n').length,
    attempts: act!.attempt,
  }
}

async function expectConsistent(runId: RunId): Promise<void> {
  expect(await studio.governance.audit.verify(studio.scope)).toMatchObject({ ok: true, problems: [] })
  const report = await studio.database.transaction(studio.scope, (tx) =>
    verifyLedger(tx, studio.tenantId, [runId]),
  )
  expect(report).toMatchObject({ ok: true, problems: [] })
}

/** One act that is not killed, then one for each of its instants that `matters`, two at a time. */
async function surviveInstants(
  effect: EffectClass,
  matters: (instant: string, index: number) => boolean,
): Promise<readonly Survived[]> {
  const unharmed = await surviveKillAt(-1, effect)
  expect(unharmed).toMatchObject({ killed: false, effects: 1, attempts: 1 })
  const instants = unharmed.instants.flatMap((name, index) =>
    name !== 'done' && matters(name, index) ? [index] : [],
  )
  const survived: Survived[] = []
  const lane = async (): Promise<void> => {
    for (let killAt = instants.shift(); killAt !== undefined; killAt = instants.shift())
      survived.push(await surviveKillAt(killAt, effect))
  }
  await Promise.all([lane(), lane()])
  expect(survived.every(({ killed }) => killed)).toBe(true)
  return survived
}

describe('an act whose process is killed', { timeout: 180_000 }, () => {
  it('causes an external effect exactly once, at whichever instant it dies (I1, I5, I6)', async () => {
    const survived = await surviveInstants('external-reversible', () => true)
    // Three transactions with three instants each, the last for the checkpoint, and two around the effect.
    expect(survived).toHaveLength(11)
    expect(survived.map(({ effects }) => effects)).toEqual(survived.map(() => 1))
    const afterwards = survived.find(({ instants }) => instants.at(-1) === 'after the effect')
    expect(afterwards).toMatchObject({ attempts: 2 })
  })

  it('is performed again when it only changed a workspace, but not once it is recorded', async () => {
    // The transactions that admit and complete the act, each before its commit, and the last instant of all.
    const survived = await surviveInstants('workspace', (_name, index) => [1, 4, 6, 7].includes(index))
    const outcome = ({ instants, effects, attempts }: Survived): string =>
      `${instants.length - 1} ${instants.at(-1) ?? ''}: ${effects} of ${attempts}`
    expect(survived.map(outcome).sort()).toEqual([
      '1 before the commit: 1 of 1',
      '4 after the effect: 2 of 2',
      '6 before the commit: 2 of 2',
      '7 after the commit: 1 of 1',
    ])
  })
})

describe('acts that share transactions, when their process is killed', { timeout: 180_000 }, () => {
  const keysOf = (): string[] => Array.from({ length: 12 }, () => `act-${randomUUID()}`)

  /** Kills a process in the middle of many acts, does them all again, and answers the attempts of each. */
  async function surviveKillOfMany(killAt: number): Promise<{ killed: boolean; attempts: number[] }> {
    const keys = keysOf()
    const runId = await studio.openRun({ limits: { money: 250 } })
    const { signal, logger, report, ...request } = studio.request(runId)
    const { target } = studio.testDatabase
    const { killed } = await inProcess(programOfMany, {
      target,
      directory: studio.directory,
      policies: policyLocations,
      killAt,
      request,
      keys,
    })
    const { door, administration, audit } = await studio.restart()
    const again = keys.map((key) =>
      door.act(costlyTool(), { text: key }, { ...request, key, signal, logger, report }),
    )
    expect(await Promise.all(again)).toEqual(keys.map((text) => ({ text })))
    await administration.closeRun({ tenantId: studio.tenantId, runId }, studio.service.id)
    await expectConsistent(runId)
    const [acts, entries] = await studio.database.transaction(studio.scope, async (tx) => [
      await actsOfRun(tx, studio.tenantId, runId),
      await audit.ofRun(tx, studio.tenantId, runId),
    ])
    expect(acts.map(({ key, state }) => [key, state]).sort()).toEqual(
      keys.map((key) => [key, 'succeeded']).sort(),
    )
    const succeeded = entries
      .map(({ record }) => JSON.parse(record ?? '') as AuditRecord)
      .filter(({ outcome }) => outcome === 'succeeded')
    expect(succeeded.map(({ actKey }) => actKey).sort()).toEqual([...keys].sort())
    return { killed, attempts: acts.map(({ attempt }) => attempt) }
  }

  it('loses none and doubles none, at whichever instant it dies', async () => {
    // The first transaction, in the middle of performing, and the one that completes.
    const [before, beginning, performing, completing] = await Promise.all(
      [0, 1, 8, 16].map(surviveKillOfMany),
    )
    expect([before, beginning, performing, completing].map((survived) => survived?.killed)).toEqual(
      Array(4).fill(true),
    )
    const attempts = (of: { attempts: number[] } | undefined) => [...new Set(of?.attempts)]
    expect([before, beginning].map(attempts)).toEqual([[1], [1]])
    expect([performing, completing].map(attempts)).toEqual([[2], [2]])
  })
})
