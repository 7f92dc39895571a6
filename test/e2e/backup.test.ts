import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunView } from '../../src/contracts/index.ts'
import { packageRoot, runAtelier, startAtelier } from './atelier-process.ts'
import { git, scratchRepository } from './scratch-repository.ts'

let directory: string

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-backup-'))
  chmodSync(directory, 0o755)
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test(
  'a studio that was backed up at work goes on from its backup elsewhere',
  { timeout: 600_000 },
  async () => {
    const at = (name: string) => path.join(directory, name)
    const repository = scratchRepository('examples/appointments', at('repository'))
    const issue = path.join(packageRoot, 'examples/appointments/ISSUE.md')
    const solving = startAtelier(at('data'), [
      'solve',
      '--repo',
      repository,
      '--issue',
      issue,
      '--no-wait',
      '--json',
    ])

    // While the run is at work, a backup is taken by another process.
    while (!existsSync(path.join(at('data'), 'repositories'))) await delay(100)
    const early = await runAtelier(at('data'), 'backup', at('early'), '--json')
    expect(early).toMatchObject({ code: 0, stderr: '' })
    expect((await solving.finished).code).toBe(3)
    const late = await runAtelier(at('data'), 'backup', at('late'))
    expect(late.stdout).toContain('Backed up')

    // The late one waits for the decision; it is made in the restored studio.
    expect(await runAtelier(at('moved'), 'restore', at('late'))).toMatchObject({ code: 0 })
    expect(await runAtelier(at('moved'), 'approve', 'latest')).toMatchObject({ code: 0 })
    expect(git(repository, 'branch', '--list', 'atelier/*')).not.toBe('')
    expect((await runAtelier(at('moved'), 'audit', 'verify')).code).toBe(0)

    // The early one was in the middle of its work and goes on with it.
    expect(await runAtelier(at('resumed'), 'restore', at('early'))).toMatchObject({ code: 0 })
    const resumed = await runAtelier(at('resumed'), 'resume', 'latest', '--json')
    expect((JSON.parse(resumed.stdout) as RunView).status).toBe('waiting')
    expect((await runAtelier(at('resumed'), 'audit', 'verify')).code).toBe(0)

    const code = async (...args: string[]): Promise<unknown> => {
      const { stdout } = await runAtelier(at('refused'), ...args, '--json')
      return (JSON.parse(stdout) as { error: { code: string } }).error.code
    }
    expect(await code('backup', at('elsewhere'))).toBe('ATL_HOST_BACKUP_NOTHING')
    expect(await code('restore', at('elsewhere'))).toBe('ATL_HOST_BACKUP_INVALID')
    expect(await code('restore', at('late'), '--data-directory', at('moved'))).toBe(
      'ATL_HOST_BACKUP_OCCUPIED',
    )
    const manifest = JSON.parse(readFileSync(path.join(at('late'), 'manifest.json'), 'utf8')) as {
      files: { path: string; size: number }[]
    }
    const victim = manifest.files.find(
      ({ path: name, size }) => name.startsWith('database/base/') && size > 0,
    )!
    chmodSync(path.join(at('late'), victim.path), 0o600)
    appendFileSync(path.join(at('late'), victim.path), 'x')
    expect(await code('restore', at('late'))).toBe('ATL_HOST_BACKUP_INVALID')
  },
)
