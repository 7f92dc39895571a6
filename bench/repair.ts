import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { silentLogger } from '../src/kernel/index.ts'
import { attemptCase, type CaseResult } from './repair/attempt.ts'
import { findMirror, makeRepository, readCases, type RepairCase } from './repair/cases.ts'
import { consoleLogger, openPlaces } from './repair/places.ts'
import { heading, row, summary } from './repair/table.ts'
import type { BenchmarkResult } from './run.ts'

const goal = 12

/**
 * Real bugs of public repositories: each case stands at the parent of a fix, with the tests that the fix brought, and is taken
 * through the studio's own tools. Installed dependencies are kept below `--cache` between runs.
 */
export default async function repairBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      cases: { type: 'string' },
      mirrors: { type: 'string' },
      cache: { type: 'string', default: join(tmpdir(), 'atelier-bench-repair') },
      /** Numbers of cases, from 0, or parts of repository names, separated by commas. */
      only: { type: 'string' },
      /** Seconds for one case, installation of dependencies apart. */
      limit: { type: 'string', default: '170' },
      confidence: { type: 'string', default: '0' },
      sandbox: { type: 'string', default: 'namespaces' },
      verbose: { type: 'boolean', default: false },
    },
  })
  const cases = selected(await readCases(values.cases), values.only)
  const cache = resolve(values.cache)
  const logger = values.verbose ? consoleLogger : silentLogger
  const { places, close } = await openPlaces(cache, values.sandbox === 'none', logger)
  const results: CaseResult[] = []
  console.log(heading)
  try {
    for (const { number, item } of cases) {
      const mirror = findMirror(values.mirrors, item.repo)
      const directory = join(cache, 'cases', `${number}-${item.fix.slice(0, 8)}`)
      const issue = await makeRepository(directory, resolve(mirror), item)
      const result = await attemptCase({
        number,
        item,
        mirror,
        directory,
        issue,
        limitSeconds: Number(values.limit),
        confidence: Number(values.confidence),
        places,
        logger,
        onReport: values.verbose ? (message) => console.error(`  ${message}`) : () => undefined,
      })
      results.push(result)
      console.log(row(result))
    }
  } finally {
    await close()
  }
  const figures = summary(results)
  console.log(figures.text)
  return {
    figures: { ...figures.numbers, cases: results },
    ratio: results.length === 0 ? 0 : figures.numbers.repaired / results.length,
    goal: goal / 46,
    ok: figures.numbers.repaired >= Math.min(goal, results.length),
  }
}

function selected(
  cases: readonly RepairCase[],
  only: string | undefined,
): readonly { readonly number: number; readonly item: RepairCase }[] {
  const numbered = cases.map((item, number) => ({ number, item }))
  if (only === undefined) return numbered
  const wanted = only.split(',').map((word) => word.trim())
  return numbered.filter(({ number, item }) =>
    wanted.some((word) => (/^\d+$/.test(word) ? Number(word) === number : item.repo.includes(word))),
  )
}
