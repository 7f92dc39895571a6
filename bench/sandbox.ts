import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'

import { createNamespaceHost, type SandboxHost, type SandboxSpec } from '../src/execution/sandbox/index.ts'
import { silentLogger } from '../src/kernel/index.ts'
import type { BenchmarkResult } from './run.ts'

const run = promisify(execFile)

/** A command in a sandbox may take this many times as long to start as under bubblewrap alone. */
const startGoal = 2
/** Making and removing a workspace may take this part of what a git worktree takes. */
const workspaceGoal = 0.1

const mebibyte = 1024 * 1024
const limits = {
  memoryBytes: 1024 * mebibyte,
  processes: 256,
  diskBytes: 1024 * mebibyte,
  outputBytes: mebibyte,
  cpuSeconds: 60,
}

/**
 * Start-up of a command against a plain process and against bubblewrap with its namespaces but nothing else, and
 * set-up with removal of a workspace against `git worktree`. All in the same run and in turns, as ratios of medians,
 * because the machine's load changes from one minute to the next.
 */
export default async function sandboxBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '40' }, files: { type: 'string', default: '25000' } },
  })
  const directory = await mkdtemp(join(tmpdir(), 'atelier-bench-sandbox-'))
  await chmod(directory, 0o755)
  const host = await createNamespaceHost({ stateDirectory: join(directory, 'state'), logger: silentLogger })
  try {
    const start = await measureStart(host, Number(values.rounds))
    const workspace = await measureWorkspace(host, directory, Number(values.files))
    const ratio = start.sandbox / start.bubblewrap
    const workspaceRatio = workspace.sandbox / workspace.worktree
    return {
      figures: {
        plainMs: round(start.plain),
        bubblewrapMs: round(start.bubblewrap),
        sandboxMs: round(start.sandbox),
        overPlain: round(start.sandbox / start.plain),
        overBubblewrap: round(ratio),
        files: Number(values.files),
        worktreeMs: round(workspace.worktree),
        workspaceMs: round(workspace.sandbox),
        overWorktree: round(workspaceRatio, 4),
        workspaceGoal,
      },
      ratio: round(ratio),
      goal: startGoal,
      ok: ratio <= startGoal && workspaceRatio <= workspaceGoal,
    }
  } finally {
    await host.close()
    await rm(directory, { recursive: true, force: true })
  }
}

function specOf(layers: readonly string[]): SandboxSpec {
  return { runId: 'bench', layers, readOnlyBinds: [], egress: { kind: 'none' }, limits }
}

async function measureStart(
  host: SandboxHost,
  rounds: number,
): Promise<{ readonly plain: number; readonly bubblewrap: number; readonly sandbox: number }> {
  const sandbox = await host.create(specOf([]))
  const bubblewrap = ['bwrap', '--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc', '--dev', '/dev']
  const times = { plain: [] as number[], bubblewrap: [] as number[], sandbox: [] as number[] }
  // The first rounds fill the page cache and do not count.
  for (let index = -3; index < rounds; index += 1) {
    const plain = await timed(() => end(['/usr/bin/true']))
    const bare = await timed(() => end([...bubblewrap, '/usr/bin/true']))
    const full = await timed(() => sandbox.run({ argv: ['/usr/bin/true'], timeoutMs: 60_000 }))
    if (index < 0) continue
    times.plain.push(plain)
    times.bubblewrap.push(bare)
    times.sandbox.push(full)
  }
  await sandbox.destroy()
  return { plain: median(times.plain), bubblewrap: median(times.bubblewrap), sandbox: median(times.sandbox) }
}

async function measureWorkspace(
  host: SandboxHost,
  directory: string,
  files: number,
): Promise<{ readonly worktree: number; readonly sandbox: number }> {
  const repository = join(directory, 'repository')
  await makeRepository(repository, files)
  const tree = join(directory, 'worktree')
  const git = (...argv: string[]): Promise<unknown> =>
    run('git', ['-C', repository, ...argv], { maxBuffer: 1e9 })
  const times = { worktree: [] as number[], sandbox: [] as number[] }
  for (let index = 0; index < 3; index += 1) {
    times.worktree.push(
      await timed(async () => {
        await git('worktree', 'add', '--detach', tree)
        await git('worktree', 'remove', '--force', tree)
      }),
    )
    times.sandbox.push(
      await timed(async () => {
        const sandbox = await host.create(specOf([repository]))
        await sandbox.destroy()
      }),
    )
  }
  return { worktree: median(times.worktree), sandbox: median(times.sandbox) }
}

/** A repository with one commit of many small files, a hundred to a directory. */
async function makeRepository(path: string, files: number): Promise<void> {
  for (let first = 0; first < files; first += 100) {
    const directory = join(path, `d${Math.floor(first / 1000)}`, `e${first}`)
    await mkdir(directory, { recursive: true })
    const names = Array.from({ length: Math.min(100, files - first) }, (_, index) => first + index)
    await Promise.all(
      names.map((name) => writeFile(join(directory, `${name}.js`), `export const n = ${name}\n`.repeat(20))),
    )
  }
  const git = (...argv: string[]): Promise<unknown> => run('git', ['-C', path, ...argv], { maxBuffer: 1e9 })
  await git('init', '--quiet')
  await git('add', '--all')
  await git(
    '-c',
    'user.name=bench',
    '-c',
    'user.email=bench@localhost',
    'commit',
    '--quiet',
    '--message',
    'All',
  )
}

async function end([program = '', ...argv]: readonly string[]): Promise<void> {
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits))
}
