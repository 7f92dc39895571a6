import { z } from 'zod'
import { testReportSchema } from './test-report.ts'

export const diffSummarySchema = z.object({
  files: z.array(
    z.object({
      path: z.string(),
      status: z.enum(['added', 'modified', 'deleted', 'renamed']),
      added: z.int().nonnegative(),
      deleted: z.int().nonnegative(),
      kind: z.enum(['source', 'test', 'configuration', 'documentation', 'other']),
      /** Names of functions, methods and classes the hunks touch, where the language is understood. */
      symbols: z.array(z.string()),
    }),
  ),
  added: z.int().nonnegative(),
  deleted: z.int().nonnegative(),
})
export type DiffSummary = z.infer<typeof diffSummarySchema>

/** A candidate patch, identified by the git tree it produces. */
export const changeSchema = z.object({
  /** Git object ids. */
  baseCommit: z.string(),
  baseTree: z.string(),
  tree: z.string(),
  /** Unified diff from base to tree, as `git diff` prints it. */
  patch: z.string(),
  summary: diffSummarySchema,
})
export type Change = z.infer<typeof changeSchema>

export const findingSchema = z.object({
  rule: z.string(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
  message: z.string(),
  file: z.string().optional(),
  line: z.int().positive().optional(),
  evidence: z.string().optional(),
  suggestion: z.string().optional(),
})
export type Finding = z.infer<typeof findingSchema>

/** A change that is offered for approval, by whatever kind of work. */
export const proposalSchema = z.object({
  tree: z.string(),
  change: changeSchema,
  explanation: z.string(),
  /** Share of certainty 0 … 1; absent where the change is derived rather than searched for. */
  confidence: z.number().optional(),
  /** What whoever made the change has to say about it. */
  findings: z.array(findingSchema).default([]),
})

/** One thing that a kind of work verifies about its change, and whether it holds. */
const checkSchema = z.object({ name: z.string(), holds: z.boolean(), detail: z.string() })
export type Check = z.infer<typeof checkSchema>

/** What came of work by the project's own tools. */
export const upkeepResultSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('changed'),
    ...proposalSchema.omit({ confidence: true, findings: true }).shape,
    /** What was found, a line each. Text from outside stands in it. */
    found: z.array(z.string()),
    findings: z.array(findingSchema),
    /** Everything that was counted and read, for the evidence. */
    record: z.record(z.string(), z.json()),
  }),
  z.object({ outcome: z.literal('unchanged'), explanation: z.string(), found: z.array(z.string()) }),
])
export type UpkeepResult = z.infer<typeof upkeepResultSchema>

export const upkeepVerdictSchema = z.object({
  outcome: z.enum(['accepted', 'rejected']),
  checks: z.array(checkSchema),
})
export type UpkeepVerdict = z.infer<typeof upkeepVerdictSchema>

/** The studio's judgement of a change (I8): base tests first, changed tests apart. */
export const verdictSchema = z.object({
  outcome: z.enum(['accepted', 'rejected']),
  reasons: z.array(z.string()),
  /** The base revision's tests, run on the new tree. */
  baseTests: testReportSchema,
  /** Failing before and passing now. */
  fixed: z.array(z.string()),
  /** Passing before and failing now. */
  broken: z.array(z.string()),
  /** Failing before and still failing, unrelated to the reproduction. */
  stillFailing: z.array(z.string()),
  changedTests: testReportSchema.optional(),
  findings: z.array(findingSchema),
})
export type Verdict = z.infer<typeof verdictSchema>
