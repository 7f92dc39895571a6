import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchmarkResult } from './run.ts'

const entry = path.join(import.meta.dirname, '../src/main/cli.ts')

/** Times that bare Node.js takes to start and do nothing. */
const goal = {
  'atelier --version, at most': 8,
  /** Five seconds on a machine where bare Node.js takes 50 ms. */
  'from npm start to the first content of the page, at most': 100,
}

/**
 * How long commands take to start, in turns with bare Node.js, and how long a studio takes after installation, without
 * a data directory, until its page, the files it is made of and its first content were answered.
 */
export default async function start(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '7' }, serves: { type: 'string', default: '3' } },
  })
  const directory = await mkdtemp(path.join(tmpdir(), 'atelier-bench-start-'))
  await chmod(directory, 0o755)
  try {
    const commands = await measureCommands(path.join(directory, 'data'), Number(values.rounds))
    const serves: Served[] = []
    for (let serve = 0; serve < Number(values.serves); serve += 1)
      serves.push(await measureServe(path.join(directory, `fresh-${serve}`)))
    const served = serves.toSorted((a, b) => a.contentMs - b.contentMs)[Math.floor(serves.length / 2)]
    if (served === undefined) throw new Error('at least one serve has to be measured')
    const bare = commands.bare
    const over = (ms: number): number => round(ms / bare)
    return {
      figures: {
        bareNodeMs: round(bare),
        versionMs: round(commands.version),
        helpMs: round(commands.help),
        runsMs: round(commands.runs),
        helpOverNode: over(commands.help),
        runsOverNode: over(commands.runs),
        pageMs: round(served.pageMs),
        contentMs: round(served.contentMs),
        contentOverNode: over(served.contentMs),
      },
      ratio: over(commands.version),
      goal,
      ok:
        over(commands.version) <= goal['atelier --version, at most'] &&
        over(served.contentMs) <= goal['from npm start to the first content of the page, at most'],
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

type Command = 'bare' | 'version' | 'help' | 'runs'

/** Medians in milliseconds. The first round makes the data directory and compiles, and does not count. */
async function measureCommands(data: string, rounds: number): Promise<Readonly<Record<Command, number>>> {
  const commands: Readonly<Record<Command, readonly string[]>> = {
    bare: ['-e', '0'],
    version: [entry, '--version'],
    help: [entry, '--help'],
    runs: [entry, '--data-directory', data, 'runs'],
  }
  const times: Record<Command, number[]> = { bare: [], version: [], help: [], runs: [] }
  for (let done = 0; done <= rounds; done += 1)
    for (const name of Object.keys(times) as Command[]) {
      const begun = performance.now()
      const child = spawn(process.execPath, commands[name], { stdio: 'ignore', env: settings() })
      const [code] = (await once(child, 'exit')) as [number | null]
      if (code !== 0) throw new Error(`${name} ended with ${code}`)
      if (done > 0) times[name].push(performance.now() - begun)
    }
  const { bare, version, help, runs } = times
  return { bare: median(bare), version: median(version), help: median(help), runs: median(runs) }
}

interface Served {
  /** From the start of the process until the page and the files it is made of were answered. */
  readonly pageMs: number
  /** Until its owner was signed in, and what the page shows first was answered. */
  readonly contentMs: number
}

async function measureServe(fresh: string): Promise<Served> {
  const begun = performance.now()
  const child = spawn(
    process.execPath,
    [entry, '--data-directory', path.join(fresh, 'data'), 'serve', '--port', '0', '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: settings(),
    },
  )
  try {
    const { url, ownerLink } = await announced(child)
    const html = await textOf(url)
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].flatMap(([, file]) => file ?? [])
    await Promise.all(files.map((file) => textOf(`${url}${file}`)))
    const pageMs = performance.now() - begun
    const { headers } = await fetch(ownerLink, { redirect: 'manual' })
    const cookie = headers
      .getSetCookie()
      .map((one) => one.split(';', 1)[0])
      .join('; ')
    await Promise.all(
      ['/api/v1/me', '/api/v1/inbox', '/api/v1/runs'].map((resource) =>
        textOf(`${url}${resource}`, { cookie }),
      ),
    )
    return { pageMs, contentMs: performance.now() - begun }
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

async function announced(child: ChildProcess): Promise<{ readonly url: string; readonly ownerLink: string }> {
  let printed = ''
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    printed += String(chunk)
    if (printed.trim().endsWith('}')) break
  }
  return JSON.parse(printed) as { url: string; ownerLink: string }
}

async function textOf(address: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await fetch(address, { headers })
  if (!response.ok) throw new Error(`${address} answers ${response.status}`)
  return response.text()
}

/** What the person who measures has set for their own studio does not count. */
function settings(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:ATELIER_|DATABASE_URL$|NODE_)/.test(name))
  return { ...Object.fromEntries(own), ATELIER_SERVER: '', ...more }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
