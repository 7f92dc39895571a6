import { readdirSync } from 'node:fs'

/**
 * `npm run bench -- NAME [arguments]` runs `bench/NAME.ts`. The last line it prints is one JSON object, for programs:
 * `{ bench, figures, ratio, goal, ok }`. Figures of milliseconds depend on the machine and what else it does; `ratio`
 * compares with a baseline that was measured in the same breath, and is what the goal is about.
 */
export interface BenchmarkResult {
  readonly figures: Readonly<Record<string, unknown>>
  readonly ratio: number
  readonly goal: unknown
  readonly ok: boolean
}

interface Benchmark {
  readonly default: (args: string[]) => Promise<BenchmarkResult>
}

const directory = new URL('.', import.meta.url)

function benchmarkNames(): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'run.ts')
    .map((file) => file.slice(0, -'.ts'.length))
    .sort()
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !benchmarkNames().includes(name)) {
  const complaint = name === undefined ? 'Which benchmark?' : `There is no benchmark ${name}.`
  process.stderr.write(
    `${complaint} There are: ${benchmarkNames().join(', ')}.\nUsage: npm run bench -- NAME [arguments]\n`,
  )
  process.exitCode = 2
} else {
  const benchmark = (await import(new URL(`${name}.ts`, directory).href)) as Benchmark
  const { figures, ratio, goal, ok } = await benchmark.default(args)
  process.stdout.write(`${JSON.stringify({ bench: name, figures, ratio, goal, ok })}\n`)
  if (!ok) process.exitCode = 1
}
