import { z } from 'zod'
import {
  intentSchema,
  type TestCase,
  testCaseSchema,
  type TestReport,
  testReportSchema,
  type Tool,
  type ToolContext,
} from '../../contracts/index.ts'
import { AtelierError, errorCodes, plural } from '../../kernel/index.ts'
import { reproductionErrors } from './errors.ts'
import { reproduceFromExample, type ShownFault } from './example.ts'
import { runOnTree } from './execute.ts'
import { recentTestFiles, relateToIntent, relations } from './relation.ts'
import { type ExecutionPlaces, type Workspace, workspaceFailures, workspaceSchema } from './workspace.ts'

const inputSchema = z.object({
  workspace: workspaceSchema,
  intent: intentSchema,
  baseline: testReportSchema,
  /** Whether the work cannot go on without tests that show the fault. */
  required: z.boolean().default(true),
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
  /** Fail with the whole suite and pass without it. */
  orderDependent: z.array(z.string()).default([]),
  /** Reach for the network, which they do not have; they say nothing about the code. */
  needNetwork: z.array(z.string()).default([]),
  /** Lines of the failing files that the base revision itself brought, by path. */
  newTestLines: z.record(z.string(), z.array(z.int().positive())),
  relation: z.enum(relations),
  /** The base tree; with the work item's example as one more test where that is what shows the fault. */
  tree: z.string(),
})
export type FrozenReproduction = z.infer<typeof reproductionSchema>

/** No test shows what the work is about, and why. */
const unshownSchema = z.object({
  unshown: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
})

type Reproduction = FrozenReproduction | z.infer<typeof unshownSchema>

/** `tests.reproduce`: freezes the failing tests that show the fault, after running them again to tell flaky ones. */
export function reproduceTool(places: ExecutionPlaces): Tool<z.infer<typeof inputSchema>, Reproduction> {
  return {
    name: 'tests.reproduce',
    summary: 'Freezes the set of failing tests that show the fault.',
    input: inputSchema,
    output: z.union([reproductionSchema, unshownSchema]),
    effect: 'workspace',
    permissions: ['tests:run'],
    failureModes: [...errorCodes(reproductionErrors), ...workspaceFailures],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 1200 },
    async perform(input, context) {
      try {
        return await reproduceFault(places, input, context)
      } catch (error) {
        if (input.required || !isUnshown(error)) throw error
        const { code, message, remedy } = error
        return { unshown: { code, message, remedy } }
      }
    },
  }
}

function isUnshown(error: unknown): error is AtelierError {
  return error instanceof AtelierError && errorCodes(reproductionErrors).includes(error.code)
}

/**
 * The failing tests that show the fault.
 * @throws errors of the area REPRODUCE when none does.
 */
export async function reproduceFault(
  places: ExecutionPlaces,
  { workspace, intent, baseline }: Pick<z.infer<typeof inputSchema>, 'workspace' | 'intent' | 'baseline'>,
  context: ToolContext,
): Promise<FrozenReproduction> {
  if (baseline.outcome === 'passed') {
    const shown = await reproduceFromExample(places, workspace, { intent, baseline }, context)
    if (shown !== null) return frozenFrom(shown, baseline)
  }
  const { failing, needNetwork } = withoutNetwork(requireFailing(baseline))
  const testFiles = filesOf(baseline.tests)
  const lines = await readLinesOfBase(places, workspace, context)
  const { related, unrelated, relation } = relateToIntent(
    failing,
    intent,
    recentTestFiles(Object.keys(lines), testFiles),
  )
  const { frozen, flaky, orderDependent } = await freeze(places, workspace, related, context)
  return {
    failing: [...frozen],
    passing: baseline.tests.filter(({ outcome }) => outcome === 'passed'),
    failingFiles: filesOf(frozen),
    testFiles,
    unrelated: unrelated.map(({ id }) => id),
    flaky,
    orderDependent,
    needNetwork,
    newTestLines: Object.fromEntries(Object.entries(lines).filter(([path]) => testFiles.includes(path))),
    relation,
    tree: workspace.base.tree,
  }
}

/** Those of the failing tests that fail again by themselves. */
async function freeze(
  places: ExecutionPlaces,
  workspace: Workspace,
  failing: readonly TestCase[],
  context: ToolContext,
): Promise<{
  readonly frozen: readonly TestCase[]
  readonly flaky: string[]
  readonly orderDependent: string[]
}> {
  const files = filesOf(failing)
  context.report(`running ${failing.length} failing tests again`)
  const again = await runOnTree(
    places,
    workspace,
    workspace.base.tree,
    context,
    files.length > 0 ? files : undefined,
  )
  const passedAlone = failing.filter(({ id }) => outcomeIn(again, id) === 'passed')
  const frozen = failing.filter((test) => !passedAlone.includes(test))
  const { orderDependent, flaky } = await tellApart(places, workspace, context, passedAlone)
  if (frozen.length > 0) return { frozen, flaky, orderDependent }
  const error = flaky.length === 0 ? reproductionErrors.ORDER_DEPENDENT : reproductionErrors.FLAKY
  const names = failing.map(({ id }) => id).join(', ')
  throw error({ detail: names.slice(0, 500) })
}

function frozenFrom({ tree, test, failing }: ShownFault, baseline: TestReport): FrozenReproduction {
  const lines = Array.from(test.text.split('\n'), (_, index) => index + 1)
  return {
    failing: [...failing],
    passing: baseline.tests.filter(({ outcome }) => outcome === 'passed'),
    failingFiles: [test.path],
    testFiles: [...filesOf(baseline.tests), test.path].sort(),
    unrelated: [],
    flaky: [],
    orderDependent: [],
    needNetwork: [],
    newTestLines: { [test.path]: lines },
    relation: 'shown',
    tree,
  }
}

/**
 * Tests that failed with the whole suite and passed without it: those that fail with the whole suite a second time depend
 * on the order, or on what other tests leave behind; the others are flaky.
 */
async function tellApart(
  places: ExecutionPlaces,
  workspace: Workspace,
  context: ToolContext,
  passedAlone: readonly TestCase[],
): Promise<{ readonly orderDependent: string[]; readonly flaky: string[] }> {
  if (passedAlone.length === 0) return { orderDependent: [], flaky: [] }
  context.report('running the whole suite again: some failing tests pass alone')
  const whole = await runOnTree(places, workspace, workspace.base.tree, context)
  const ids = passedAlone.map(({ id }) => id)
  const failsTogether = (id: string): boolean => outcomeIn(whole, id) === 'failed'
  return { orderDependent: ids.filter(failsTogether), flaky: ids.filter((id) => !failsTogether(id)) }
}

function outcomeIn(report: TestReport, id: string): TestCase['outcome'] | undefined {
  return report.tests.find((test) => test.id === id)?.outcome
}

/** How name resolution and connections fail where there is no network, in Node and in Python. */
const networkFailure =
  /getaddrinfo (?:EAI_AGAIN|ENOTFOUND)|connect E(?:NETUNREACH|HOSTUNREACH)|^(?:TypeError: )?fetch failed$|Temporary failure in name resolution|Name or service not known|Network is unreachable/m

/** Throws `ATL_REPRODUCE_NEEDS_NETWORK` if all failing tests do. */
function withoutNetwork(all: readonly TestCase[]): {
  readonly failing: readonly TestCase[]
  readonly needNetwork: string[]
} {
  const reaches = ({ message = '', stack = '' }: TestCase): boolean =>
    networkFailure.test(message) || networkFailure.test(stack)
  const failing = all.filter((test) => !reaches(test))
  const needNetwork = all.filter(reaches).map(({ id }) => id)
  if (failing.length === 0)
    throw reproductionErrors.NEEDS_NETWORK({ detail: needNetwork.join(', ').slice(0, 500) })
  return { failing, needNetwork }
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
        detail: `${plural(baseline.tests.length, 'test passes', 'tests pass')} with \`${baseline.command}\``,
      })
  }
}

async function readLinesOfBase(
  { repositories }: ExecutionPlaces,
  { location, base }: Workspace,
  { tenantId }: ToolContext,
): Promise<Record<string, number[]>> {
  const repository = await repositories.open({ tenantId, location })
  const lines = await repository.linesOfCommit(base.commit)
  return Object.fromEntries(Object.entries(lines).map(([path, numbers]) => [path, [...numbers]]))
}

function filesOf(tests: readonly TestCase[]): string[] {
  return [...new Set(tests.flatMap(({ file }) => file ?? []))].sort()
}
