import { z } from 'zod'
import {
  type Intent,
  intentSchema,
  type TestCase,
  testCaseSchema,
  type TestReport,
  testReportSchema,
  type Tool,
} from '../../contracts/index.ts'
import { errorCodes } from '../../kernel/index.ts'
import { reproductionErrors } from './errors.ts'
import { runOnTree } from './execute.ts'
import { type ExecutionPlaces, workspaceFailures, workspaceSchema } from './workspace.ts'

const inputSchema = z.object({
  workspace: workspaceSchema,
  intent: intentSchema,
  baseline: testReportSchema,
})

export const reproductionSchema = z.object({
  failing: z.array(testCaseSchema).min(1),
  passing: z.array(testCaseSchema),
  failingFiles: z.array(z.string()),
  testFiles: z.array(z.string()),
  /** Failing before, but not what the work item is about, as far as can be told. */
  unrelated: z.array(z.string()),
  /** Failed once and passed when run again. */
  flaky: z.array(z.string()),
  /** `named`: the work item names these tests or what they show; `assumed`: nothing else fails. */
  relation: z.enum(['named', 'assumed']),
})
export type FrozenReproduction = z.infer<typeof reproductionSchema>

/** `tests.reproduce`: freezes the failing tests that show the fault, after running them again to tell flaky ones. */
export function reproduceTool(
  places: ExecutionPlaces,
): Tool<z.infer<typeof inputSchema>, FrozenReproduction> {
  return {
    name: 'tests.reproduce',
    summary: 'Freezes the set of failing tests that show the fault.',
    input: inputSchema,
    output: reproductionSchema,
    effect: 'workspace',
    permissions: ['tests:run'],
    failureModes: [...errorCodes(reproductionErrors), ...workspaceFailures],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 1200 },
    async perform({ workspace, intent, baseline }, context) {
      const failing = requireFailing(baseline)
      const { related, unrelated, relation } = relateToIntent(failing, intent)
      const files = filesOf(related)
      context.report(`running ${related.length} failing tests again`)
      const again = await runOnTree(
        places,
        workspace,
        workspace.base.tree,
        context,
        files.length > 0 ? files : undefined,
      )
      const passedAgain = new Set(
        again.tests.filter(({ outcome }) => outcome === 'passed').map(({ id }) => id),
      )
      const frozen = related.filter(({ id }) => !passedAgain.has(id))
      if (frozen.length === 0) {
        throw reproductionErrors.FLAKY({
          detail: related
            .map(({ id }) => id)
            .join(', ')
            .slice(0, 500),
        })
      }
      return {
        failing: frozen,
        passing: baseline.tests.filter(({ outcome }) => outcome === 'passed'),
        failingFiles: filesOf(frozen),
        testFiles: filesOf(baseline.tests),
        unrelated: unrelated.map(({ id }) => id),
        flaky: related.filter(({ id }) => passedAgain.has(id)).map(({ id }) => id),
        relation,
      }
    },
  }
}

function requireFailing(baseline: TestReport): readonly TestCase[] {
  const failing = baseline.tests.filter(({ outcome }) => outcome === 'failed')
  if (failing.length > 0) return failing
  const detail = baseline.outputTail.slice(-1500).trim()
  switch (baseline.outcome) {
    case 'timed-out':
      throw reproductionErrors.SUITE_HANGS({ detail })
    case 'crashed':
    case 'failed':
      throw reproductionErrors.SUITE_CRASHES({ detail })
    case 'no-tests':
      throw reproductionErrors.NO_TESTS({ detail })
    case 'passed':
      throw reproductionErrors.NOTHING_FAILS({
        detail: `${baseline.tests.length} tests pass with \`${baseline.command}\``,
      })
  }
}

/**
 * Which failing tests the work item is about: those it names by test, file, symbol or by most of the words of their title.
 * If it names none of them, all are taken, and a person is told so.
 */
function relateToIntent(
  failing: readonly TestCase[],
  intent: Intent,
): {
  readonly related: readonly TestCase[]
  readonly unrelated: readonly TestCase[]
  readonly relation: FrozenReproduction['relation']
} {
  const text =
    `${intent.goal}\n${intent.acceptanceCriteria.join('\n')}\n${intent.tests.join('\n')}`.toLowerCase()
  const isNamed = (test: TestCase): boolean =>
    intent.tests.some((name) => test.id.includes(name) || test.name === name) ||
    intent.files.some(
      (file) => test.file !== undefined && (test.file === file || test.file.endsWith(`/${file}`)),
    ) ||
    (test.name.length >= 12 && text.includes(test.name.toLowerCase()))
  const related = failing.filter(isNamed)
  if (related.length === 0) return { related: failing, unrelated: [], relation: 'assumed' }
  return { related, unrelated: failing.filter((test) => !isNamed(test)), relation: 'named' }
}

function filesOf(tests: readonly TestCase[]): string[] {
  return [...new Set(tests.flatMap(({ file }) => file ?? []))].sort()
}
