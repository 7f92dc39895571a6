import type { TestReport, UpkeepResult, Verdict } from '../../src/contracts/index.ts'

/** The steps of every run of the history, in the order in which they are done. */
export const stepIds = [
  'intake',
  'plan',
  'workspace',
  'baseline',
  'change',
  'verify',
  'review',
  'report',
  'approval',
  'publish',
] as const

type StepId = (typeof stepIds)[number]

/** Steps that act through the door, and with which tool. */
export const tools: Readonly<Partial<Record<StepId, string>>> = {
  workspace: 'repository.prepare',
  baseline: 'tests.execute',
  change: 'upkeep.propose',
  verify: 'change.verify',
  publish: 'repository.publish',
}

const kinds: Readonly<Partial<Record<StepId, string>>> = { approval: 'approval', verify: 'validation' }

export const workflow = {
  name: 'tidy',
  version: 1,
  description: 'From a work item to a change that a person approves.',
  inputs: { workItem: { description: 'The work item.' } },
  steps: stepIds.map((id, index) => ({
    id,
    title: `${id.slice(0, 1).toUpperCase()}${id.slice(1)} of the work`,
    kind: kinds[id] ?? (id in tools ? 'tool' : 'compute'),
    uses: tools[id] ?? `bench.${id}`,
    ...(index === 0 ? {} : { needs: [stepIds[index - 1]] }),
  })),
  result: { outcome: 'steps.publish.status == "succeeded" ? "delivered" : "rejected"' },
}

const files = ['src/orders.js', 'src/prices.js', 'test/prices.test.js']
const linesOfChange = 20
const testsOfSuite = 60

function patchOf(file: string, variant: number): string {
  const lines = Array.from({ length: linesOfChange }, (_, line) => [
    `-  const total${line} = price * ${line + variant}`,
    `+  const total${line} = roundToCents(price * ${line + variant})`,
  ]).flat()
  const head = `diff --git a/${file} b/${file}\nindex 1111111..2222222 100644\n--- a/${file}\n+++ b/${file}`
  return `${head}\n@@ -1,${linesOfChange} +1,${linesOfChange} @@\n${lines.join('\n')}\n`
}

function reportOf(failing: number): TestReport {
  return {
    framework: 'node:test',
    command: 'npm test',
    exitCode: failing === 0 ? 0 : 1,
    outcome: failing === 0 ? 'passed' : 'failed',
    durationMs: 2140,
    tests: Array.from({ length: testsOfSuite }, (_, index) => ({
      id: `prices.test.js > prices > rounds amount ${index}`,
      name: `rounds amount ${index}`,
      file: 'test/prices.test.js',
      outcome: index < failing ? 'failed' : 'passed',
      durationMs: 3,
    })),
    outputTail: 'ok\n'.repeat(20),
  }
}

/** What the steps of a run answered; there are some variants, as many runs as there are share each. */
export function outputsOf(variant: number): Readonly<Record<StepId, unknown>> {
  const tree = `${variant}`.repeat(40).slice(0, 40)
  const change: UpkeepResult = {
    outcome: 'changed',
    tree,
    explanation: 'Amounts are rounded to cents before they are added up.',
    found: files,
    findings: [{ rule: 'change/size', severity: 'low', message: 'Three files.' }],
    record: {},
    change: {
      baseCommit: 'c0ffee'.repeat(6),
      baseTree: 'beef'.repeat(10),
      tree,
      patch: files.map((file) => patchOf(file, variant)).join(''),
      summary: {
        files: files.map((path) => ({
          path,
          status: 'modified',
          added: linesOfChange,
          deleted: linesOfChange,
          kind: path.startsWith('test/') ? 'test' : 'source',
          symbols: ['total'],
        })),
        added: linesOfChange * files.length,
        deleted: linesOfChange * files.length,
      },
    },
  }
  const verify: Verdict = {
    outcome: 'accepted',
    reasons: [],
    baseTests: reportOf(0),
    fixed: ['prices.test.js > prices > rounds amount 0'],
    broken: [],
    stillFailing: [],
    findings: [],
  }
  return {
    intake: { kind: 'bug', goal: `Round amounts, variant ${variant}`, files },
    plan: { digest: tree, steps: stepIds.length },
    workspace: { baseCommit: 'c0ffee'.repeat(6), isolation: 'namespaces' },
    baseline: reportOf(1),
    change,
    verify,
    review: { findings: [] },
    report: { words: 120 + variant },
    approval: { decision: 'approved', by: 'person:owner' },
    publish: { repository: 'shop', branch: `atelier/${variant}`, commit: tree },
  }
}
