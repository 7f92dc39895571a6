import { spawn, type ChildProcess } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

export const packageRoot = path.resolve(import.meta.dirname, '../..')

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** Kills every process of the group at once, as `kill -9 -<pgid>` does. */
  killGroup(): void
}

/** Whoever runs the tests may have keys of model providers; the tests ask none of them. */
function withoutKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isKey = /(?:_API_KEY|_BEARER_TOKEN_BEDROCK)$/
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isKey.test(name)))
}

/** Starts the command line (or another entry file of `src/main`) in a process group of its own, without a terminal. */
export function startAtelier(
  dataDirectory: string,
  args: readonly string[],
  entry: 'cli' | 'demo' = 'cli',
  environment: NodeJS.ProcessEnv = {},
): Started {
  const child = spawn(process.execPath, [path.join(packageRoot, `src/main/${entry}.ts`), ...args], {
    cwd: packageRoot,
    env: {
      ...withoutKeys(process.env),
      ATELIER_DATA: dataDirectory,
      // This machine, wherever the person who runs the tests is signed in.
      ATELIER_SERVER: '',
      NO_COLOR: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    child,
    finished,
    killGroup: () => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    },
  }
}

export function runAtelier(dataDirectory: string, ...args: readonly string[]): Promise<Finished> {
  return startAtelier(dataDirectory, args).finished
}

/** Processes whose command line, environment or working directory mentions the directory. */
export async function processesMentioning(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid) continue
    const parts = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    )
    if (parts.some((part) => part.includes(directory)))
      found.push(`${pid} ${parts[0]?.replaceAll('\0', ' ') ?? ''}`)
  }
  return found
}

export async function mountsBelow(directory: string): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  return mounts.split('\n').filter((line) => line.includes(directory))
}
