import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { verifyEvidence } from '../../src/governance/evidence/index.ts'
import { readConfiguration } from '../../src/main/configuration.ts'
import { openStudio } from '../../src/main/studio.ts'
import { mountsBelow, processesMentioning, runAtelier, startAtelier } from './atelier-process.ts'

/** How many instants are tried; the full proof takes 50: `ATELIER_CRASH_INSTANTS=50 npx vitest run test/e2e/crash.test.ts`. */
const instants = Number(process.env['ATELIER_CRASH_INSTANTS'] ?? 4)

/** Reproducible instants, spread over the run: a random one in each equal part of it. */
function randomInstant(index: number, durationMs: number): number {
  const part = durationMs / instants
  const random = Math.abs(Math.sin((index + 1) * 12.9898) * 43758.5453) % 1
  return Math.round(part * (index + random))
}

function makeDataDirectory(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-crash-'))
  chmodSync(directory, 0o711)
  return directory
}

async function expectNothingLeft(directory: string): Promise<void> {
  for (let attempt = 0; attempt < 50 && (await processesMentioning(directory)).length > 0; attempt += 1)
    await delay(100)
  expect(await processesMentioning(directory)).toEqual([])
  expect(await mountsBelow(directory)).toEqual([])
  const sandboxes = path.join(directory, 'sandboxes')
  const left = await readdir(sandboxes).catch(() => [])
  expect(left.filter((name) => name.startsWith('sbx_'))).toEqual([])
}

/** What must hold however often the studio was killed on the way. */
async function expectDelivered(directory: string): Promise<void> {
  const { run, audit, evidence } = await recordOf(directory)
  expect(run.outcome, JSON.stringify(run).slice(0, 2000)).toBe('delivered')
  const remote = path.join(directory, 'demo/appointments.git')
  const git = (...args: string[]): string =>
    execFileSync('git', ['--git-dir', remote, ...args], { encoding: 'utf8' }).trim()
  const branches = git('for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/atelier')
  expect(branches).toBe(`${run.report.published?.branch ?? ''} ${run.report.published?.commit ?? ''}`)
  expect(git('rev-list', '--count', `main..${run.report.published?.branch ?? ''}`)).toBe('1')
  expect(audit).toMatchObject({ ok: true, problems: [] })
  expect(verifyEvidence(evidence)).toMatchObject({ ok: true, problems: [] })
}

/** What the studio itself says about its latest run, asked in this process: a command for each question would start it anew. */
async function recordOf(directory: string) {
  const studio = await openStudio(readConfiguration({ dataDirectory: directory }), 'look')
  try {
    const run = await studio.getRun('latest')
    const audit = await studio.verifyAudit('owner')
    const bundle = await studio.exportEvidence(run.id, 'owner')
    return { run, audit, evidence: JSON.parse(JSON.stringify(bundle)) as unknown }
  } finally {
    await studio.close()
  }
}

/** Goes on as a person would: resume, approve what waits, or begin again if nothing had been taken in yet. */
async function goOn(directory: string): Promise<void> {
  const resumed = await runAtelier(directory, 'resume', 'latest', '--json')
  if (resumed.stdout.includes('ATL_STUDIO_NO_RUNS')) {
    const again = await startAtelier(directory, [], 'demo').finished
    expect(again.code, again.stderr).toBe(0)
    return
  }
  if (resumed.code === 3) {
    const approved = await runAtelier(directory, 'approve', 'latest', '--json')
    expect(approved.code, approved.stdout + approved.stderr).toBe(0)
    return
  }
  expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0)
}

describe('kill -9 of the whole process group', async () => {
  const directory = makeDataDirectory()
  const startedAt = performance.now()
  const undisturbed = await startAtelier(directory, [], 'demo').finished
  const durationMs = performance.now() - startedAt

  test('the demo run ends well when nobody disturbs it', { timeout: 600_000 }, async () => {
    expect(undisturbed.code, undisturbed.stderr).toBe(0)
    await expectDelivered(directory)
    await expectNothingLeft(directory)
    rmSync(directory, { recursive: true, force: true })
  })

  test.concurrent.for(Array.from({ length: instants }, (_, index) => index))(
    'at instant %i every run ends the same, every effect exactly once',
    { timeout: 600_000 },
    async (index) => {
      const victim = makeDataDirectory()
      const demo = startAtelier(victim, [], 'demo')
      await delay(randomInstant(index, durationMs))
      demo.killGroup()
      await demo.finished
      await goOn(victim)
      await expectDelivered(victim)
      await expectNothingLeft(victim)
      rmSync(victim, { recursive: true, force: true })
    },
  )
})
