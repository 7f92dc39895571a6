import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'

import { silentLogger } from '../src/kernel/index.ts'
import { attempt, type Attempt } from './quixbugs/attempt.ts'
import { makeRepository, readPrograms, type QuixBug } from './quixbugs/cases.ts'
import { consoleLogger, openPlaces } from './repair/places.ts'
import type { BenchmarkResult } from './run.ts'

const goals = { correct: 32, first: 26 }

/**
 * The 40 Python programs of QuixBugs, each a repository of its own with its tests, through the studio's own tools: sandbox,
 * baseline, reproduction, repair, confirmation. A patch is correct if its syntax tree is the maintainers', or if it gives
 * the same results as theirs on generated inputs beyond the tests. The programs' answers are read by the judge alone.
 */
export default async function quixbugsBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      source: { type: 'string' },
      cache: { type: 'string', default: join(tmpdir(), 'atelier-bench-quixbugs') },
      /** Names of programs, separated by commas. */
      only: { type: 'string' },
      /** Seconds for the repair of one program. */
      limit: { type: 'string', default: '60' },
      sandbox: { type: 'string', default: 'namespaces' },
      verbose: { type: 'boolean', default: false },
    },
  })
  const wanted = values.only?.split(',')
  const programs = (await readPrograms(values.source)).filter(({ name }) => wanted?.includes(name) ?? true)
  const source = resolve(values.source ?? '')
  const cache = resolve(values.cache)
  const logger = values.verbose ? consoleLogger : silentLogger
  const { places, close } = await openPlaces(cache, values.sandbox === 'none', logger)
  const results: Result[] = []
  console.log(heading)
  try {
    for (const bug of programs) {
      const directory = join(cache, 'programs', bug.name)
      await makeRepository(directory, source, bug)
      const text = await readFile(join(directory, bug.path), 'utf8')
      const report = (message: string): void => {
        if (values.verbose) console.error(`  ${message}`)
      }
      const tried = await attempt(bug, directory, text, places, logger, Number(values.limit), report)
      const verdicts = await judge(source, bug, tried)
      const result = { bug, tried, verdicts }
      results.push(result)
      console.log(row(result))
      if (values.verbose) describe(result)
    }
  } finally {
    await close()
  }
  return summary(results)
}

const verdictsSchema = z.array(
  z.object({
    identical: z.boolean(),
    correct: z.boolean(),
    inputs: z.number(),
    example: z.string().nullable(),
  }),
)
type Verdict = z.infer<typeof verdictsSchema>[number]

interface Result {
  readonly bug: QuixBug
  readonly tried: Attempt
  /** One for each plausible program. */
  readonly verdicts: readonly Verdict[]
}

/** Compares programs with the maintainers' in a process with bounded memory; see `quixbugs/oracle.py`. */
async function judge(
  source: string,
  { name, correct }: QuixBug,
  { programs }: Attempt,
): Promise<readonly Verdict[]> {
  if (programs.length === 0) return []
  const node = await readFile(join(source, 'python_programs', 'node.py'), 'utf8')
  const oracle = fileURLToPath(new URL('quixbugs/oracle.py', import.meta.url))
  const task = JSON.stringify({ name, correct, node, programs: programs.map(({ text }) => text) })
  const output = await new Promise<string>((done, fail) => {
    const options = { maxBuffer: 16 * 2 ** 20, timeout: 300_000 }
    const child = execFile('/usr/bin/python3', [oracle], options, (error, stdout) => {
      if (error === null) done(stdout)
      else fail(new Error('the judge failed', { cause: error }))
    })
    child.stdin?.end(task)
  })
  return verdictsSchema.parse(JSON.parse(output))
}

const columns = [28, 10, 5, 8, 8, 8, 8, 7, 6, 5, 0]

const heading = cells([
  'program',
  'outcome',
  'first',
  'correct',
  'same',
  'set-up',
  'plaus s',
  'total s',
  'tried',
  '/s',
  'what',
])

function row({ bug, tried, verdicts }: Result): string {
  const correct = verdicts.filter((verdict) => verdict.correct).length
  const { seconds } = tried
  return cells([
    bug.name,
    tried.outcome,
    tried.outcome === 'repaired' && verdicts[0]?.correct === true ? 'yes' : '',
    verdicts.length === 0 ? '' : `${correct}/${verdicts.length}`,
    verdicts.some(({ identical }) => identical) ? 'yes' : '',
    seconds.setUp.toFixed(1),
    seconds.firstPlausible?.toFixed(2) ?? '',
    seconds.repair.toFixed(1),
    String(tried.tried),
    tried.triedPerSecond.toFixed(0),
    tried.detail.replaceAll(/\s+/g, ' ').slice(0, 100),
  ])
}

function cells(texts: readonly string[]): string {
  return texts
    .map((text, index) => text.padEnd(columns[index] ?? 0))
    .join(' ')
    .trimEnd()
}

/** Each plausible program, and where a wrong one goes wrong. */
function describe({ tried, verdicts }: Result): void {
  for (const [index, { template, description }] of tried.programs.entries()) {
    const verdict = verdicts[index]
    const mark = verdict?.identical === true ? '==' : verdict?.correct === true ? 'ok' : '  '
    console.error(`    ${mark} ${template}: ${description} ${verdict?.example ?? ''}`)
  }
}

function summary(results: readonly Result[]): BenchmarkResult {
  const count = (test: (result: Result) => boolean): number => results.filter(test).length
  const middle = (numbers: readonly number[]): number =>
    [...numbers].sort((left, right) => left - right)[numbers.length >> 1] ?? 0
  const figures = {
    programs: results.length,
    plausible: count(({ verdicts }) => verdicts.length > 0),
    correct: count(({ verdicts }) => verdicts.some((verdict) => verdict.correct)),
    identical: count(({ verdicts }) => verdicts.some(({ identical }) => identical)),
    first: count(({ tried, verdicts }) => tried.outcome === 'repaired' && verdicts[0]?.correct === true),
    medianSecondsToPlausible: middle(results.flatMap(({ tried }) => tried.seconds.firstPlausible ?? [])),
    medianTriedPerSecond: middle(
      results.map(({ tried }) => tried.triedPerSecond).filter((speed) => speed > 0),
    ),
  }
  console.log(
    `${figures.correct} of ${figures.programs} with a correct patch (${figures.identical} the maintainers' very edit), ` +
      `${figures.first} ranked first, ${figures.plausible} with a plausible one`,
  )
  const share = results.length / 40
  return {
    figures,
    ratio: results.length === 0 ? 0 : figures.correct / results.length,
    goal: goals,
    ok: figures.correct >= goals.correct * share && figures.first >= goals.first * share,
  }
}
