import { z } from 'zod'
import { testReportSchema } from './test-report.ts'

const diffSummarySchema = z.object({
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
