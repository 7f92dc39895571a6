import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { reportError } from '../src/kernel/index.ts'
import { compiledCode } from '../src/main/compile-cache.ts'
import { ensureHostPrograms } from '../src/main/host-requirements.ts'

/**
 * Everything that has to hold before a change is good: `npm test`. Arguments go to vitest, so that
 * `npm test -- src/store` runs the tests of one folder. The last line counts checks and tests.
 */

const root = join(import.meta.dirname, '..')
const programs = join(root, 'node_modules', '.bin')
const environment = {
  ...process.env,
  PATH: [programs, process.env['PATH']].join(delimiter),
  // Every file of tests gets a process of its own, and they all load the same packages.
  NODE_COMPILE_CACHE: compiledCode,
}

/** In the order in which they begin: the longest first. */
const checks = [
  { name: 'lint', command: ['oxlint'] },
  { name: 'formatting', command: ['oxfmt', '--check'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'types of the web application', command: ['tsc', '--noEmit', '-p', 'web'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'size of the web application', command: ['node', 'web/build/bundle-size.ts'] },
] as const

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

interface Outcome extends Count {
  /** What is wrong, to be read at the end, below what the tests print. */
  readonly complaint?: string
}

/** Runs one check and prints how it ended. */
async function runCheck({ name, command: [program, ...args] }: (typeof checks)[number]): Promise<Outcome> {
  const started = performance.now()
  const child = spawn(join(programs, program), args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${code === 0 ? '✔' : '✖'} ${name} (${seconds} s)`)
  if (code === 0) return { passed: 1, failed: 0, skipped: 0 }
  return { passed: 0, failed: 1, skipped: 0, complaint: `✖ ${name}\n${output}${errors}` }
}

/** Runs the checks and then the tests, two at a time: that many cores there are at least. */
async function runAll(args: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = [...checks.map((check) => () => runCheck(check)), () => runTests(args)].values()
  const work = async (): Promise<void> => {
    for (const run of waiting) outcomes.push(await run())
  }
  await Promise.all([work(), work()])
  return outcomes
}

const vitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
})

async function runTests(args: readonly string[]): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'atelier-report-'))
  const report = join(directory, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  try {
    const child = spawn(join(programs, 'vitest'), ['run', ...reporters, ...args], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    const counts = vitestReport.parse(JSON.parse(readFileSync(report, 'utf8')))
    const failed = counts.numFailedTests
    return {
      passed: counts.numPassedTests,
      // A file that cannot be loaded, or an error outside any test, is a failure without a failed test.
      failed: code !== 0 && failed === 0 ? 1 : failed,
      skipped: counts.numPendingTests + counts.numTodoTests,
    }
  } catch (error) {
    console.error('The test runner did not finish:', error)
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }))
}

try {
  await ensureHostPrograms(console.error)
} catch (error) {
  const { code, message, remedy } = reportError(error)
  console.error(`${code}: ${message}\n${remedy}`)
  console.log('0 passed, 1 failed')
  process.exit(1)
}
const outcomes = await runAll(process.argv.slice(2))
for (const { complaint } of outcomes) if (complaint !== undefined) console.log(complaint)
const { passed, failed, skipped } = sum(outcomes)
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 ? 1 : 0
