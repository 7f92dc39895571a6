import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EffectClass } from '../../contracts/index.ts'
import type { RunId } from '../../kernel/index.ts'
import { createGovernedStudio } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import { verifyLedger } from '../budget/index.ts'
import { filePublisher } from './fixtures/killed-act.ts'
import type { KilledAct } from './fixtures/killed-act.ts'
import { actsOfRun } from './index.ts'

const program = join(import.meta.dirname, 'fixtures/killed-act.ts')

let studio: GovernedStudio

beforeAll(async () => {
  studio = await createGovernedStudio()
})
afterAll(() => studio[Symbol.asyncDispose]())

/** Runs an act in a process of its own that kills itself at the given instant. Answers what it printed. */
function actInProcess(act: KilledAct): Promise<{ readonly killed: boolean; readonly output: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, JSON.stringify(act)],
      { timeout: 60_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve({ killed: false, output: stdout })
        else if (error.signal === 'SIGKILL') resolve({ killed: true, output: stdout })
        else reject(new Error(`${error.message}\n${stderr}`))
      },
    )
  })
}

interface Survived {
  readonly killed: boolean
  readonly instant: string
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
  const { killed, output } = await actInProcess({
    target,
    directory: studio.directory,
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
    killed,
    instant: output.trim().split('\n').at(-1) ?? '',
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

/** Every instant in turn, until one act comes through alive. */
async function surviveEveryInstant(effect: EffectClass): Promise<readonly Survived[]> {
  const survived: Survived[] = []
  for (let killAt = 0; survived.at(-1)?.killed !== false; killAt += 1) {
    survived.push(await surviveKillAt(killAt, effect))
  }
  return survived
}

describe('an act whose process is killed', { timeout: 120_000 }, () => {
  it('causes an external effect exactly once, whenever it happens (I1, I6)', async () => {
    const survived = await surviveEveryInstant('external-reversible')
    // Two transactions with three instants each, and the effect with two; then the checkpoint's.
    expect(survived.length).toBeGreaterThan(8)
    expect(survived.map(({ effects }) => effects)).toEqual(survived.map(() => 1))
    const after = survived.find(({ instant }) => instant.endsWith('after the effect'))
    expect(after).toMatchObject({ killed: true, attempts: 2 })
  })

  it('is performed again when it only changed a workspace, and once it is recorded never more', async () => {
    const survived = await surviveEveryInstant('workspace')
    for (const { killed, instant, effects, attempts } of survived) {
      const repeated = instant.endsWith('after the effect') || /^[56] before/.test(instant)
      if (!killed) expect({ effects, attempts }).toEqual({ effects: 1, attempts: 1 })
      else expect(effects).toBe(repeated ? 2 : 1)
    }
  })
})
