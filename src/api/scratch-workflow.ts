import type { TestReport } from '../contracts/index.ts'
import type { JsonObject, JsonValue } from '../engine/index.ts'

/** A workflow of the shape that all shipped ones have. */
export const scratchWorkflow = {
  name: 'tidy',
  version: 1,
  description: 'Tidies up.',
  inputs: { workItem: { description: 'The work item.' } },
  steps: [
    { id: 'baseline', kind: 'tool', uses: 'tests.execute', title: 'Run the tests' },
    { id: 'change', kind: 'tool', uses: 'upkeep.propose', needs: ['baseline'] },
    { id: 'verify', kind: 'validation', uses: 'change.verify', needs: ['change'] },
    { id: 'approval', kind: 'approval', uses: 'publish-change', needs: ['verify'] },
    {
      id: 'publish',
      kind: 'tool',
      uses: 'repository.publish',
      needs: ['approval'],
      when: 'steps.approval.output.decision == "approved"',
    },
  ],
  result: { outcome: 'steps.publish.status == "succeeded" ? "delivered" : "rejected"' },
}

/** A workflow whose agent asks a person before it does anything. */
export const askingWorkflow = {
  name: 'ask',
  version: 1,
  description: 'Asks.',
  inputs: { workItem: { description: 'The work item.' } },
  steps: [{ id: 'ask', kind: 'agent', uses: 'asker' }],
  result: { told: 'steps.ask.output.text' },
}

const patch = `diff --git a/src/a.js b/src/a.js
index 1111111..2222222 100644
--- a/src/a.js
+++ b/src/a.js
@@ -1 +1 @@
-one
+two
`

const report = (outcome: 'passed' | 'failed'): TestReport => ({
  framework: 'node:test',
  command: 'npm test',
  exitCode: outcome === 'passed' ? 0 : 1,
  outcome,
  durationMs: 10,
  tests: [{ id: 'a.test.js > a', name: 'a', outcome }],
  outputTail: '',
})

/** What the steps answer. */
export const scratchOutputs: JsonObject = {
  baseline: toJson(report('failed')),
  change: toJson({
    outcome: 'changed',
    tree: 'tree',
    explanation: 'Two instead of one.',
    found: ['src/a.js'],
    findings: [{ rule: 'change/size', severity: 'low', message: 'One line.' }],
    record: {},
    change: {
      baseCommit: 'c0ffee',
      baseTree: 'beef',
      tree: 'tree',
      patch,
      summary: {
        files: [{ path: 'src/a.js', status: 'modified', added: 1, deleted: 1, kind: 'source', symbols: [] }],
        added: 1,
        deleted: 1,
      },
    },
  }),
  verify: toJson({
    outcome: 'accepted',
    reasons: [],
    baseTests: report('passed'),
    fixed: ['a.test.js > a'],
    broken: [],
    stillFailing: [],
    findings: [],
  }),
}

/** Contents by `tree:path`: of the change above, before and with it. */
export const scratchFiles: Readonly<Record<string, Buffer>> = {
  'beef:src/a.js': Buffer.from('1\nlast\n'),
  'tree:src/a.js': Buffer.from('2\nlast\n'),
  'beef:secret.txt': Buffer.from('not of the change'),
}

function toJson(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue
}
