import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { repositoryErrors } from './errors.ts'

/**
 * Does `work` while nobody else on this machine, in this process or another, does work under the same lock. Throws
 * `ATL_REPOSITORY_BUSY` after `waitMs`.
 *
 * The lock is the kernel's (flock(2), held by a child of util-linux's `flock`). The child ends when its standard
 * input closes, so a process that is killed gives its lock back at once and there are no stale locks to judge.
 */
export async function withFileLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const holder = spawn(
    'flock',
    [
      '--exclusive',
      '--timeout',
      String(waitMs / 1000),
      '--conflict-exit-code',
      '75',
      file,
      'sh',
      '-c',
      'echo; exec cat',
    ],
    { stdio: ['pipe', 'pipe', 'ignore'], detached: true },
  )
  holder.stdin.on('error', () => undefined)
  const ended = new Promise<number | null>((resolve, reject) => {
    holder.on('error', reject)
    holder.on('close', resolve)
  })
  const locked = once(holder.stdout, 'data').then(() => 'locked' as const)
  const outcome = await Promise.race([locked, ended])
  if (outcome !== 'locked') {
    if (outcome === 75) throw repositoryErrors.BUSY({ details: { lock: file } })
    throw repositoryErrors.GIT_FAILED({ detail: `the lock ${file} cannot be taken` })
  }
  try {
    return await work()
  } finally {
    holder.stdin.end()
    await ended
  }
}
