import { z } from 'zod'
import { type TestCase, type TestReport, testReportSchema } from '../../../contracts/index.ts'
import { runSuite } from '../../testing/index.ts'
import {
  type AgentTool,
  defineDeveloperTool,
  type DeveloperInput,
  developerOutputSchema,
} from '../agent-tool.ts'
import { type DevelopmentPlaces } from '../places.ts'
import { shortened } from '../reading/numbered-lines.ts'
import { filePath } from '../workspace-path.ts'
import { readableOutput } from './output.ts'

const longestSeconds = 900

const parameters = z.strictObject({
  files: z
    .array(z.string().min(1).max(4_096))
    .max(100)
    .optional()
    .describe('test files to run, relative to the root; all when absent'),
  names: z
    .array(z.string().min(1).max(1_000))
    .max(100)
    .optional()
    .describe('ids or names of single tests to run, as earlier results name them'),
  seconds: z.int().positive().max(longestSeconds).default(300).describe('time for all of it'),
})

const outputSchema = developerOutputSchema.extend({
  outcome: testReportSchema.shape.outcome,
  /** The failing tests in their order; one that stands for the run itself where that fails without naming a test. */
  failing: z.array(z.object({ id: z.string(), message: z.string() })),
  /** Ids of the passing tests where only a part of the suite was run; after a whole run all others pass. */
  passed: z.array(z.string()).optional(),
  counts: z.object({
    passed: z.int().nonnegative(),
    failed: z.int().nonnegative(),
    all: z.int().nonnegative(),
  }),
})
type TestsOutput = z.infer<typeof outputSchema>

/** `tests.run`: the project's own suite, or some of it, on the tree. */
export function runTestsTool(
  places: DevelopmentPlaces,
): AgentTool<DeveloperInput<z.infer<typeof parameters>>, TestsOutput> {
  return defineDeveloperTool({
    name: 'tests.run',
    summary:
      "Runs the project's tests, all or some, on your changes in a sandbox without network, and names the failing ones with their messages. What the tests write is undone afterwards.",
    parameters,
    output: outputSchema,
    effect: 'workspace',
    permissions: ['tests:run'],
    seconds: longestSeconds + 300,
    perform({ workspace, tree, arguments: { files, names, seconds } }, context) {
      const paths = files?.map(filePath)
      return places.sessions.use({ purpose: 'tests', workspace, tree }, context, async (session) => {
        let finished = 0
        const report = await runSuite(session.sandbox, workspace.suite, {
          timeoutMs: seconds * 1000,
          signal: context.signal,
          ...(paths === undefined && names === undefined
            ? {}
            : {
                select: {
                  ...(paths === undefined ? {} : { files: paths }),
                  ...(names === undefined ? {} : { names }),
                },
              }),
          onTest: (name) => {
            finished += 1
            context.report(`${finished} tests: ${name}`)
          },
        })
        session.leaves(tree)
        const isPart = paths !== undefined || names !== undefined
        return { tree, changed: [], ...summarise(report, isPart ? 'part' : 'whole') }
      })
    },
  })
}

const shownFailures = 15
const longestMessage = 1_500
const longestStack = 800
/** Characters of a message in the record, beside the text. */
const keptMessage = 500
const longestTail = 6_000

function summarise(report: TestReport, extent: 'part' | 'whole'): Omit<TestsOutput, 'tree' | 'changed'> {
  const failed = report.tests.filter(({ outcome }) => outcome === 'failed')
  const passed = report.tests.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id)
  const counts = { passed: passed.length, failed: failed.length, all: report.tests.length }
  // Where no single test says what is wrong, the end of the output does.
  const flaw = failed.length === 0 && report.outcome !== 'passed' ? endOfOutput(report) : undefined
  return {
    outcome: report.outcome,
    failing:
      flaw === undefined
        ? failed.map(({ id, message = '' }) => ({ id, message: shortened(message, keptMessage) }))
        : [{ id: report.command, message: flaw }],
    ...(extent === 'part' || flaw !== undefined ? { passed } : {}),
    counts,
    text: [headline(report, counts), ...describeFailures(failed), ...(flaw === undefined ? [] : [flaw])].join(
      '\n\n',
    ),
  }
}

function endOfOutput({ outputTail }: TestReport): string {
  return `The output ends with\n${readableOutput(outputTail, 0, longestTail)}`
}

function headline(report: TestReport, { passed, failed, all }: TestsOutput['counts']): string {
  const skipped = all - passed - failed
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return `${explainOutcome(report)} ${counts}, in ${(report.durationMs / 1000).toFixed(1)} s: ${report.command}`
}

function describeFailures(failed: readonly TestCase[]): readonly string[] {
  const others = failed.slice(shownFailures).map(({ id }) => id)
  return [
    ...failed.slice(0, shownFailures).map(describeFailure),
    ...(others.length === 0 ? [] : [`… and ${others.length} more: ${others.slice(0, 50).join(', ')}`]),
  ]
}

function explainOutcome({ outcome }: TestReport): string {
  switch (outcome) {
    case 'passed':
      return 'All tests pass:'
    case 'failed':
      return 'Tests fail:'
    case 'timed-out':
      return 'The tests did not end in time:'
    case 'crashed':
      return 'The test runner ended without a result, which often means that a file does not load:'
    case 'no-tests':
      return 'No test was run; if you named files or tests, see whether they are spelt as in earlier results:'
  }
}

function describeFailure({ id, file, line, message, stack }: TestCase): string {
  const place =
    file === undefined || id.startsWith(file) ? '' : ` (${file}${line === undefined ? '' : `:${line}`})`
  const said = readableOutput(message ?? '', 0, longestMessage)
  const frames = (stack ?? '')
    .split('\n')
    .filter((frame) => !/node_modules|node:internal|\(node:|site-packages/.test(frame))
    .join('\n')
  const trace =
    frames === '' || said.includes(frames.trim())
      ? ''
      : `\n${shortened(readableOutput(frames, 0, longestStack), longestStack)}`
  return `FAILED ${id}${place}\n${said}${trace}`
}
