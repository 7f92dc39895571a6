import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { RepositoryHost } from '../src/execution/repository/index.ts'
import {
  createNamespaceHost,
  createUnconfinedHost,
  type SandboxHost,
} from '../src/execution/sandbox/index.ts'
import { locateToolchain } from '../src/execution/testing/index.ts'
import type { ExecutionPlaces } from '../src/execution/tools/index.ts'
import { type Logger, silentLogger } from '../src/kernel/index.ts'
import { hostRegistries } from '../src/main/registries.ts'
import { attemptCase, type CaseResult } from './repair/attempt.ts'
import { findMirror, makeRepository, readCases, type RepairCase } from './repair/cases.ts'
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

async function openPlaces(
  cache: string,
  unconfined: boolean,
  logger: Logger,
): Promise<{ readonly places: ExecutionPlaces; readonly close: () => Promise<void> }> {
  await mkdir(cache, { recursive: true, mode: 0o711 })
  const repositories = new RepositoryHost({
    stateDirectory: join(cache, 'repositories'),
    workingDirectory: process.cwd(),
    environment: process.env,
  })
  const options = { stateDirectory: join(cache, 'sandboxes'), logger }
  const sandboxes: SandboxHost = unconfined
    ? await createUnconfinedHost(options)
    : await createNamespaceHost(options)
  await sandboxes.reap()
  const registries = await hostRegistries()
  const places: ExecutionPlaces = {
    repositories,
    sandboxes,
    isolation: unconfined ? 'none' : 'namespaces',
    limits: {
      memoryBytes: 4 * 2 ** 30,
      processes: 512,
      diskBytes: 2 * 2 ** 30,
      outputBytes: 8 * 2 ** 20,
      cpuSeconds: 1800,
    },
    toolchain: await locateToolchain({ searchPath: process.env['PATH'] ?? '', pinnedNode: process.execPath }),
    registries: () => Promise.resolve(registries),
    dependencyCache: join(cache, 'dependencies'),
  }
  return {
    places,
    close: async () => {
      repositories.close()
      await sandboxes.close()
    },
  }
}

const consoleLogger: Logger = {
  log: (level, fields, message) => {
    if (!message.startsWith('Egress'))
      console.error(`  [${level}] ${message} ${JSON.stringify(fields).slice(0, 2000)}`)
  },
  child: () => consoleLogger,
}
