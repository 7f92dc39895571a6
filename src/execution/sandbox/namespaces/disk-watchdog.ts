import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Holder } from './holder.ts'

const tickMs = 300

/**
 * Calls `onExceeded` once when a writable layer on the host's disk holds more than the limit; returns how to stop.
 * It is measured inside the holder, whose root may look into directories that the sandbox closed to its own user.
 */
export function watchDisk(holder: Holder, limitBytes: number, onExceeded: () => void): () => void {
  let timer: NodeJS.Timeout | null = null
  let stopped = false
  const tick = async (): Promise<void> => {
    const startedAt = performance.now()
    if ((await diskBytes(holder)) > limitBytes) {
      stopped = true
      onExceeded()
    }
    // A large layer takes long to measure; measuring may take a tenth of the time.
    if (!stopped) timer = setTimeout(run, Math.max(tickMs, 9 * (performance.now() - startedAt)))
  }
  const run = (): void => {
    tick().catch(onExceeded)
  }
  timer = setTimeout(run, tickMs)
  return () => {
    stopped = true
    if (timer !== null) clearTimeout(timer)
  }
}

async function diskBytes(holder: Holder): Promise<number> {
  const [program, ...argv] = [...holder.enter(), 'du', '--summarize', '--block-size=1', '/disk'] as const
  const child = spawn(program, argv, {
    ...holder.credentials(),
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')))
  await once(child, 'close')
  return Number(output.split('\t')[0])
}
