import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Git } from './git-process.ts'
import { coded } from './scratch-repository.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-git-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Something in the place of git, to see how git is started. */
function standIn(
  script: string,
  options: { readonly timeoutMs?: number; readonly memoryBytes?: number } = {},
): Git {
  const executable = join(folder, 'git')
  writeFileSync(executable, `#!/bin/sh\n${script}\n`)
  chmodSync(executable, 0o755)
  return new Git({
    executable,
    environment: {
      PATH: process.env['PATH'],
      SECRET: 'secret',
      GIT_DIR: '/elsewhere',
      HTTPS_PROXY: 'http://proxy',
    },
    timeoutMs: 10_000,
    maxOutputBytes: 1_000_000,
    memoryBytes: 1024 ** 3,
    ...options,
  })
}

describe('git on the host', () => {
  it('sees the way out and nothing else of the environment', async () => {
    const lines = (await standIn('env').text({ args: [] })).split('\n')
    expect(lines).toContain('HTTPS_PROXY=http://proxy')
    expect(lines).toContain('GIT_DIR=/nonexistent')
    expect(lines).toContain('GIT_CONFIG_GLOBAL=/dev/null')
    expect(lines.join('\n')).not.toMatch(/SECRET|VITEST|NODE_/)
  })

  it('cannot fill the memory', async () => {
    const greedy = `exec '${process.execPath}' -e 'const all = []; for (;;) all.push(Buffer.alloc(16e6, 1))'`
    const git = standIn(greedy, { memoryBytes: 256 * 1024 ** 2 })
    const before = performance.now()
    await expect(git.run({ args: ['log'] })).rejects.toMatchObject({
      code: expect.stringMatching(/^ATL_REPOSITORY_/) as string,
    })
    expect(performance.now() - before).toBeLessThan(60_000)
  })

  it('cannot print for ever', async () => {
    await expect(standIn('exec yes').run({ args: ['log'] })).rejects.toMatchObject(coded('TOO_LARGE'))
  })

  it('does not outlive a studio that is killed', async () => {
    const pidFile = join(folder, 'pid')
    standIn(`echo $$ > '${pidFile}'; exec sleep 60`)
    const program = `
      import { Git } from ${JSON.stringify(join(import.meta.dirname, 'git-process.ts'))}
      const git = new Git({ executable: ${JSON.stringify(join(folder, 'git'))}, environment: process.env, timeoutMs: 60000, maxOutputBytes: 1, memoryBytes: 2 ** 30 })
      await git.run({ args: ['fetch'] })`
    const studio = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
      stdio: 'ignore',
    })
    await expect
      .poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8'), { timeout: 10_000 })
      .toMatch(/\d\n/)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    expect(isRunning(pid)).toBe(true)
    studio.kill('SIGKILL')
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
  })
})

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
