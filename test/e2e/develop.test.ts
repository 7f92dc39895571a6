import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { z } from 'zod'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RunView } from '../../src/contracts/index.ts'
import { installAgent } from '../../src/execution/coding-agents/scratch-agents.ts'
import { type ModelServer, type ScenarioSource, startModelServer } from '../../src/testing/index.ts'
import { packageRoot, runAtelier, startAtelier } from './atelier-process.ts'
import { scratchRepository } from './scratch-repository.ts'

let directory: string

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-develop-'))
  chmodSync(directory, 0o755)
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const wanted = `
it('gives a time back when an appointment is cancelled', () => {
  const calendar = new Calendar(parseInterval('09:00-10:00'))
  calendar.book(parseInterval('09:00-09:30'))
  calendar.cancel(parseInterval('09:00-09:30'))
  assert.deepEqual(calendar.booked, [])
  assert.throws(() => calendar.cancel(parseInterval('09:00-09:30')), /not booked/)
})
`

const issue = {
  title: 'An appointment cannot be cancelled',
  body: 'There is no `Calendar.cancel(interval)`. It should give the time back, and throw when nothing is booked then.',
}

/** The sample without its fault, and with a test for something that nobody has written yet. */
function makeRepository(name: string): string {
  return scratchRepository('examples/appointments', path.join(directory, name), (root) => {
    const interval = path.join(root, 'src/interval.js')
    writeFileSync(interval, readFileSync(interval, 'utf8').replace('a.start <= b.end', 'a.start < b.end'))
    appendFileSync(path.join(root, 'test/calendar.test.js'), wanted)
  })
}

/** A studio whose only models are those of the server, and which asks them at once: the sample is known to need one. */
function makeStudio(name: string, { url }: ModelServer): string {
  const data = path.join(directory, name)
  mkdirSync(path.join(data, 'models'), { recursive: true, mode: 0o755 })
  const model = (id: string, price: number): string =>
    `  ${id}: { upstream: scripted, name: ${id}, context: 100000, maxOutput: 4000, size: small, capabilities: [tools], prices: { input: ${price}, output: ${price} } }`
  writeFileSync(
    path.join(data, 'models/models.yaml'),
    [
      'upstreams:',
      `  scripted: { kind: openai-compatible, baseUrl: "${url}/v1", deployment: on-premises, residency: here }`,
      'models:',
      model('scripted-small', 1),
      model('scripted-large', 10),
    ].join('\n'),
  )
  writeFileSync(
    path.join(data, 'models/routes.yaml'),
    [
      'routes:',
      '  small: { targets: [{ model: scripted-small }] }',
      '  large: { targets: [{ model: scripted-large }] }',
    ].join('\n'),
  )
  const shipped = readFileSync(path.join(packageRoot, 'models/routing.yaml'), 'utf8')
  writeFileSync(
    path.join(data, 'models/routing.yaml'),
    shipped
      .replace(/^ {2}- \{ name: zero-token.*\n/m, '')
      .replace(', keep: [zero-token]', '')
      .replace('    keep: [zero-token]\n', ''),
  )
  return data
}

type Json = z.infer<ReturnType<typeof z.json>>

const call = (tool: string, input: Json = {}) => ({ call: { tool, input } })
const edit = (find: string, replace: string) =>
  call('files_edit', { path: 'src/calendar.js', edits: [{ find, replace }] })
const before = '  /** Free intervals of at least `minutes`'
const wrong = `  cancel(interval) {\n    this.#booked = this.#booked.filter(({ start }) => start !== interval.start)\n  }\n\n`
const guard = `    if (!this.#booked.some(({ start }) => start === interval.start)) throw new Error('not booked')\n`
const right = wrong.replace('{\n', `{\n${guard}`)
const finish = call('finish', {
  status: 'done',
  cause: 'Calendar had no way to give a time back (src/calendar.js).',
  summary: 'cancel gives the time back and refuses what is not booked.',
  files: [{ path: 'src/calendar.js', what: 'cancel' }],
  tested: 'The whole suite; every test passes.',
  remaining: [],
})

/** Looks, writes something that is not enough, sees a test fail, mends it, finishes. */
const scenario: ScenarioSource = {
  name: 'writes-cancel',
  steps: [
    { when: { turn: 1 }, answer: [call('code_search', { query: 'cancel an appointment', kind: 'meaning' })] },
    { when: { turn: 2 }, answer: [call('files_read', { path: 'src/calendar.js' })] },
    { when: { turn: 3 }, answer: [edit(before, `${wrong}${before}`)] },
    { when: { turn: 4 }, answer: [call('tests_run')] },
    {
      when: { turn: 5, last: 'gives a time back' },
      answer: [
        'It takes back what was never booked.',
        edit('  cancel(interval) {\n', `  cancel(interval) {\n${guard}`),
      ],
    },
    { when: { turn: 6 }, answer: [call('tests_run')] },
    { when: { turn: '7..' }, answer: [finish] },
  ],
}

interface JsonAnswer {
  readonly code: number | null
  readonly run: RunView
}

function solveArguments(repository: string, file = issueFile()): string[] {
  return ['solve', '--repo', repository, '--issue', file, '--approve', '--json']
}

function issueFile(): string {
  const file = path.join(directory, 'issue.md')
  writeFileSync(file, `# ${issue.title}\n\n${issue.body}\n`)
  return file
}

async function solve(data: string, repository: string, file?: string): Promise<JsonAnswer> {
  const { code, stdout, stderr } = await runAtelier(data, ...solveArguments(repository, file))
  expect(stderr + stdout).not.toMatch(/\n\s+at .*\.ts:\d+/)
  return { code, run: JSON.parse(stdout) as RunView }
}

/** Reads the same file for ever. */
const runaway: ScenarioSource = {
  name: 'reads-for-ever',
  steps: [
    {
      when: { turn: '1..', model: 'scripted-small' },
      answer: [call('files_read', { path: 'src/calendar.js' })],
    },
  ],
}

describe('a developer with a model', { timeout: 600_000 }, () => {
  test('searches, edits, sees a test fail, mends it, and is believed by the tests alone', async () => {
    await using server = await startModelServer({ scenario })
    const { code, run } = await solve(makeStudio('success', server), makeRepository('wanted'))
    expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'delivered' })
    expect(code).toBe(0)
    expect(run.report.patch).toContain('+  cancel(interval) {')
    expect(run.report.proof).toMatchObject({ failed: 0 })
    expect(run.report.attention.join()).toContain('developer with a model (small)')
    expect(run.report.cost.money).toBeGreaterThan(0)
    expect(server.requests.received).toBe(7)
  })

  test('is stopped by a breaker, and a larger model goes on with what is known', async () => {
    await using server = await startModelServer({ scenarios: [runaway, scenario] })
    const data = makeStudio('breaker', server)
    const { run } = await solve(data, makeRepository('runaway'))
    expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'delivered' })
    expect(run.report.attention.join()).toMatch(/small tried before: stuck/)
    const { stdout } = await runAtelier(data, 'route', 'report', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      misrouted: 1,
      misroutes: [{ first: 'small', solvedBy: 'large' }],
    })
  })

  test('killed in the middle of a stream, the run goes on and no answer is charged twice', async () => {
    const slow: ScenarioSource = {
      name: 'slow-once',
      steps: [
        {
          when: { turn: 4 },
          answer: ['Now the tests, one after the other, slowly.', call('tests_run')],
          misbehave: { fault: 'stall', times: 1 },
        },
      ],
    }
    await using server = await startModelServer({ scenarios: [slow, scenario] })
    const data = makeStudio('killed', server)
    const started = startAtelier(data, solveArguments(makeRepository('killed')))
    await vi.waitUntil(() => server.requests.received >= 4, { timeout: 120_000, interval: 50 })
    started.killGroup()
    await started.finished
    const resumed = await runAtelier(data, 'resume', 'latest', '--json')
    const waiting = JSON.parse(resumed.stdout) as RunView
    expect(waiting, resumed.stdout).toMatchObject({ status: 'waiting' })
    // The seven answers, and once more the one that was cut off; those before it came from the record.
    expect(server.requests.received).toBe(8)
    const approved = await runAtelier(data, 'approve', 'latest', '--json')
    expect(JSON.parse(approved.stdout)).toMatchObject({ outcome: 'delivered' })
    const audit = await runAtelier(data, 'audit', 'verify', '--json')
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, problems: [] })
  })

  test('asks a person, who answers after everything was killed, and goes on with the answer', async () => {
    const asking: ScenarioSource = {
      name: 'asks-first',
      steps: [
        {
          when: { turn: 1 },
          answer: [
            call('person_ask', {
              question: 'Should cancel throw when nothing is booked?',
              why: 'The issue could be read both ways.',
              options: ['throw', 'do nothing'],
            }),
          ],
        },
        { when: { turn: 2, last: 'Throw, please' }, answer: [edit(before, `${right}${before}`)] },
        { when: { turn: 3 }, answer: [call('tests_run')] },
        { when: { turn: '4..' }, answer: [finish] },
      ],
    }
    await using server = await startModelServer({ scenario: asking })
    const data = makeStudio('asks', server)
    const { code, run } = await solve(data, makeRepository('asks'))
    expect(code).toBe(3)
    expect(run).toMatchObject({
      status: 'waiting',
      report: { question: { askedBy: 'agent:developer', options: ['throw', 'do nothing'] } },
    })
    const killed = startAtelier(data, ['resume', 'latest'])
    await vi.waitUntil(() => killed.child.exitCode !== null || existsSync(path.join(data, 'postgresql')))
    killed.killGroup()
    await killed.finished
    const replied = await runAtelier(data, 'reply', 'latest', 'Throw, please.', '--json')
    expect(JSON.parse(replied.stdout), replied.stdout).toMatchObject({
      status: 'waiting',
      report: { question: null, approval: { status: 'pending' } },
    })
    expect(server.requests.received).toBe(4)
  })

  test('may be a program of others: Codex works in a sandbox with a key of its step', async (context) => {
    const installed = await installAgent('codex')
    if (typeof installed === 'string') return context.skip(installed)
    await using server = await startModelServer({ scenario: 'fixes-appointments-by-shell' })
    const data = makeStudio('codex', server)
    mkdirSync(path.join(data, 'coding-agents'), { mode: 0o755 })
    cpSync(installed.folder, path.join(data, 'coding-agents/codex'), {
      recursive: true,
      verbatimSymlinks: true,
    })
    const routing = path.join(data, 'models/routing.yaml')
    writeFileSync(
      routing,
      readFileSync(routing, 'utf8').replace('name: small, agent: developer', 'name: small, agent: codex'),
    )
    const repository = scratchRepository('examples/appointments', path.join(directory, 'for-codex'))
    const { run } = await solve(data, repository, path.join(packageRoot, 'examples/appointments/ISSUE.md'))
    expect(run, JSON.stringify(run)).toMatchObject({ outcome: 'delivered' })
    expect(run.report.patch).toContain('+  return a.start < b.end && b.start < a.end')
    expect(run.report.attention.join()).toContain('codex with a model (small)')
    expect(run.report.cost.money).toBeGreaterThan(0)
  })
})
