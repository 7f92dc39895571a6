/** One valid result of each kind, for tests. */
export const validResults: Readonly<Record<string, Record<string, unknown>>> = {
  change: {
    status: 'done',
    cause: 'a.js:3 compares with the wrong sign',
    summary: 'Compares the other way round.',
    files: [{ path: 'a.js', what: 'the comparison' }],
    tested: 'all 12 tests pass',
    remaining: [],
  },
  plan: {
    goal: 'Totals are right for empty carts.',
    acceptance: ['An empty cart costs 0.'],
    steps: [
      { id: 'test', title: 'Show the fault', why: 'To see it mended', places: ['cart.test.js'], needs: [] },
      {
        id: 'mend',
        title: 'Begin the sum at 0',
        why: 'That is the cause',
        places: ['cart.js:4'],
        needs: ['test'],
      },
    ],
    risks: [],
    questions: [],
  },
  tests: {
    status: 'written',
    summary: 'Edges of the cart.',
    tests: [
      { file: 'cart.test.js', name: 'an empty cart costs nothing', shows: 'a sum that begins at undefined' },
    ],
    notCovered: ['currencies'],
  },
  review: {
    summary: 'One way round a boundary.',
    findings: [
      {
        rule: 'layering',
        severity: 'high',
        message: 'The domain imports the transport.',
        file: 'src/cart.js',
        line: 1,
        evidence: "import { request } from './http.js'",
      },
    ],
    checked: ['imports of src/cart.js'],
  },
  triage: {
    severity: 'high',
    impact: 'One order in ten fails.',
    hypothesis: 'The pool is too small since the deployment at 10:02.',
    evidence: [{ source: 'log of api-2', says: 'timeout acquiring a connection' }],
    against: ['It began at 10:05, three minutes later.'],
    actions: [
      { what: 'Roll back to the previous version.', reversible: true, needsApproval: true },
      { what: 'Raise the size of the pool.', reversible: true, needsApproval: false },
    ],
  },
  consolidation: {
    recommendation: 'change-first',
    headline: 'The query is open to injection.',
    findings: [
      {
        rule: 'CWE-89',
        severity: 'critical',
        message: 'Concatenated query.',
        sources: ['security-reviewer'],
      },
      { rule: 'naming', severity: 'low', message: 'Unclear name.', sources: ['architecture-reviewer'] },
    ],
    conflicts: [],
    attention: ['src/orders.js:40'],
  },
}
