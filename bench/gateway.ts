import { fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { LoadOrder, LoadReport } from './gateway/load.ts'
import { processorTime } from './gateway/processor-time.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'added latency at 1 call at a time, of that of Portkey, at most': 0.5,
  'throughput at 50 calls at a time, in that of Portkey, at least': 5,
}

const subjects = ['bare', 'proxy', 'portkey', 'atelier'] as const
type Subject = (typeof subjects)[number]
type Target = Pick<LoadOrder, 'url' | 'headers'> & { readonly pid: number | undefined }

interface Report extends LoadReport {
  /** Milliseconds of processor time of one call, with those of the database. */
  readonly processor: number
}

const prompt = 'Please explain what the following function does and whether it can fail.\n'.repeat(28)

/**
 * What the gateway adds to a call, against `@portkey-ai/gateway`, a proxy that does nothing but pass on, and the bare
 * upstream in the same run: latency with one call at a time, throughput with fifty, for answers in one piece and for
 * streams. Atelier does all it always does:
 * authenticates, authorises, reserves, settles, audits and records in PostgreSQL. Portkey does none of that.
 */
export default async function benchmarkGateway(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
    },
  })
  const rounds = Number(values.rounds)
  const processes: ChildProcess[] = []
  try {
    const targets = await startAll(processes)
    const load = start('load', [], processes)
    const measure = async (
      { subject, stream }: Kind,
      concurrency: number,
      milliseconds: number,
    ): Promise<Report> => {
      const { pid = 0, url, headers } = targets[subject]
      const before = processorTime(pid)
      const report = await ask(load, { url, headers, body: bodyOf(stream), concurrency, milliseconds })
      return { ...report, processor: (processorTime(pid) - before) / report.calls }
    }
    const wanted = subjects.filter((subject) => values.only === undefined || values.only === subject)
    const kinds = await whatWorks(wanted, (kind) => measure(kind, 50, warmUpMs))
    const measured = new Map<string, Report[]>()
    for (let round = 0; round < rounds; round += 1)
      for (const concurrency of [1, 50])
        for (const kind of kinds) {
          const name = nameOf(kind, concurrency)
          const report = await measure(kind, concurrency, Number(values.seconds) * 1000)
          if (report.failures > 0) throw new Error(`${name}: ${report.failures} calls failed`)
          measured.set(name, [...(measured.get(name) ?? []), report])
        }
    return judge(measured)
  } finally {
    for (const child of processes) await end(child)
  }
}

interface Kind {
  readonly subject: Subject
  readonly stream: boolean
}

/** Long enough for code to be compiled that runs a hundred times a second. */
const warmUpMs = 8000

/**
 * Warms everything up, and leaves out what does not work: with some versions of its own dependencies, Portkey answers
 * every stream with an error.
 */
async function whatWorks(
  wanted: readonly Subject[],
  warmUp: (kind: Kind) => Promise<Report>,
): Promise<readonly Kind[]> {
  const kinds: Kind[] = []
  for (const stream of [false, true])
    for (const subject of wanted) {
      const kind = { subject, stream }
      const { failures } = await warmUp(kind)
      if (failures === 0) kinds.push(kind)
      else if (stream && subject === 'portkey')
        console.log('Portkey answers streams with errors; they are left out.')
      else throw new Error(`${nameOf(kind, 50)}: ${failures} calls failed`)
    }
  return kinds
}

function bodyOf(stream: boolean): string {
  return JSON.stringify({
    model: 'bench-model',
    messages: [{ role: 'user', content: prompt }],
    max_tokens: 500,
    ...(stream && { stream, stream_options: { include_usage: true } }),
  })
}

function nameOf({ subject, stream }: Kind, concurrency: number): string {
  return `${subject}, ${stream ? 'streamed' : 'whole'}, ${concurrency} at a time`
}

function judge(measured: ReadonlyMap<string, readonly Report[]>): BenchmarkResult {
  const of = (name: string, member: 'p50' | 'p95' | 'perSecond' | 'processor'): number =>
    median((measured.get(name) ?? []).map((report) => report[member]))
  const figures = Object.fromEntries(
    [...measured.keys()].flatMap((name) => [
      [`${name}: p50, ms`, round(of(name, 'p50'))],
      [`${name}: p95, ms`, round(of(name, 'p95'))],
      [`${name}: calls/s`, round(of(name, 'perSecond'))],
      [`${name}: processor, ms a call`, round(of(name, 'processor'))],
    ]),
  )
  const added = (subject: Subject, stream: boolean): number =>
    of(nameOf({ subject, stream }, 1), 'p50') - of(nameOf({ subject: 'bare', stream }, 1), 'p50')
  const latency = added('atelier', false) / added('portkey', false)
  const perSecond = (subject: Subject): number => of(nameOf({ subject, stream: false }, 50), 'perSecond')
  const times = perSecond('atelier') / perSecond('portkey')
  return {
    figures: {
      ...figures,
      'added by atelier to a whole answer, ms': round(added('atelier', false)),
      'added by atelier to a stream, ms': round(added('atelier', true)),
      'added by portkey to a whole answer, ms': round(added('portkey', false)),
      'added latency in that of Portkey': round(latency),
      'throughput in that of Portkey': round(times),
      'throughput of the proxy in that of Portkey': round(perSecond('proxy') / perSecond('portkey')),
      'processor time of a whole answer in that of the proxy': round(
        of(nameOf({ subject: 'atelier', stream: false }, 50), 'processor') /
          of(nameOf({ subject: 'proxy', stream: false }, 50), 'processor'),
      ),
    },
    ratio: round(times),
    goal,
    ok:
      latency <= goal['added latency at 1 call at a time, of that of Portkey, at most'] &&
      times >= goal['throughput at 50 calls at a time, in that of Portkey, at least'],
  }
}

async function startAll(processes: ChildProcess[]): Promise<Record<Subject, Target>> {
  const provider = start('upstream', [], processes)
  const { url: upstream } = await told<{ url: string }>(provider)
  const proxy = start('proxy', [upstream], processes)
  const { url: proxied } = await told<{ url: string }>(proxy)
  const studio = start('studio-gateway', [upstream], processes)
  const { url, key } = await told<{ url: string; key: string }>(studio)
  const portkey = await startPortkey(processes)
  const type = { 'content-type': 'application/json' }
  return {
    bare: { url: upstream, headers: type, pid: provider.pid },
    proxy: { url: proxied, headers: type, pid: proxy.pid },
    portkey: {
      ...portkey,
      headers: {
        ...type,
        authorization: 'Bearer none',
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstream}/v1`,
      },
    },
    atelier: { url, headers: { ...type, authorization: `Bearer ${key}` }, pid: studio.pid },
  }
}

async function startPortkey(processes: ChildProcess[]): Promise<Omit<Target, 'headers'>> {
  const script = join(import.meta.dirname, '../node_modules/@portkey-ai/gateway/build/start-server.js')
  const port = await freePort()
  const child = spawn(process.execPath, [script, '--headless', `--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  processes.push(child)
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok === true) return { url, pid: child.pid }
    if (tries > 300 || child.exitCode !== null) throw new Error('Portkey did not start')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function start(name: string, args: readonly string[], processes: ChildProcess[]): ChildProcess {
  const child = fork(join(import.meta.dirname, 'gateway', `${name}.ts`), [...args])
  processes.push(child)
  return child
}

/** The next message of a child. */
async function told<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(
    ([code]) => Promise.reject(new Error(`a process of the benchmark ended with ${String(code)}`)),
    () => undefined,
  )
  const [message] = (await Promise.race([once(child, 'message'), exit])) as [T]
  ended.abort()
  return message
}

async function ask(load: ChildProcess, order: LoadOrder): Promise<LoadReport> {
  const report = told<LoadReport>(load)
  load.send(order)
  return report
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  if (child.connected) child.disconnect()
  else child.kill()
  await exit
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
