import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { attacks } from './catalogue.ts'
import type { AttackReport } from './run-attacks.ts'

/** Runs all attacks as this user, or as somebody else, in a process that has secrets to lose. */
async function runAttacks(become: readonly string[]): Promise<AttackReport> {
  const directory = mkdtempSync(join(tmpdir(), 'atelier-secret-'))
  const secret = `secret-${directory.slice(-6)}`
  writeFileSync(join(directory, 'leaked'), secret)
  chmodSync(directory, 0o755)
  const leaked = openSync(join(directory, 'leaked'), 'r')
  const script = join(import.meta.dirname, 'run-attacks.ts')
  const [program = process.execPath, ...argv] = become.concat(process.execPath, '--no-warnings', script)
  try {
    const child = spawn(program, argv, {
      env: { PATH: '/usr/bin:/bin', HOME: tmpdir(), ATELIER_ATTACK_SECRET: secret },
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'inherit', ...new Array<'ignore'>(37).fill('ignore'), leaked],
    })
    let output = ''
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
    await once(child, 'close')
    return JSON.parse(output) as AttackReport
  } finally {
    closeSync(leaked)
    rmSync(directory, { recursive: true })
  }
}

const isRoot = process.getuid?.() === 0
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
const users = isRoot
  ? [
      { user: 'root', become: [] },
      { user: 'an ordinary user', become: asNobody },
    ]
  : [{ user: 'an ordinary user', become: [] }]

const reports = new Map<string, Promise<AttackReport>>()

beforeAll(() => {
  for (const { user, become } of users) reports.set(user, runAttacks(become))
})

describe.each(users)('as $user', ({ user }) => {
  let report: AttackReport

  beforeAll(async () => {
    report = await reports.get(user)!
  })

  it.each(attacks.map((attack) => ({ attack, name: attack.name })))(
    'a sandbox stops: $name',
    ({ attack }) => {
      const outcome = report.outcomes.find(({ name }) => name === attack.name)!
      expect(outcome.inside.output).not.toContain('BREACH')
      expect(`${outcome.inside.output} ${outcome.inside.ended}`).toMatch(attack.death ?? /^held/)
      // Without this the attack might fail for any reason.
      if (outcome.outside !== null) expect(outcome.outside).toContain('BREACH')
    },
  )

  it('runs the sandbox for the right user', () => {
    expect(report.uid === 0).toBe(user === 'root')
  })

  it('lets nothing through to the host and leaves nothing behind', () => {
    expect(report.messagesFromInside).toBe(0)
    expect(report.hostProcessLives).toBe(true)
    expect(report.layerIsUntouched).toBe(true)
    // Process 1, the shell, ls and wc.
    expect(Number(report.leftInside)).toBeLessThanOrEqual(4)
  })
})
