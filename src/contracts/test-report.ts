import { z } from 'zod'

export const testFrameworkSchema = z.enum([
  'node:test',
  'vitest',
  'jest',
  'mocha',
  'tap',
  'tape',
  'ava',
  'jasmine',
  'pytest',
  'unittest',
  'command',
])
/** `command` stands for a suite of which only the exit status is understood. */
export type TestFramework = z.infer<typeof testFrameworkSchema>

export const testCaseSchema = z.object({
  /** Stable over runs: `file > suite > name`, with the file relative to the workspace. */
  id: z.string(),
  name: z.string(),
  file: z.string().optional(),
  /** 1-based. */
  line: z.int().positive().optional(),
  outcome: z.enum(['passed', 'failed', 'skipped', 'todo']),
  durationMs: z.number().nonnegative().optional(),
  message: z.string().optional(),
  stack: z.string().optional(),
})
export type TestCase = z.infer<typeof testCaseSchema>

export const testReportSchema = z.object({
  framework: testFrameworkSchema,
  command: z.string(),
  exitCode: z.int().nullable(),
  /** `crashed`: the runner itself ended without a result (syntax error, missing module, killed). */
  outcome: z.enum(['passed', 'failed', 'timed-out', 'crashed', 'no-tests']),
  durationMs: z.number().nonnegative(),
  tests: z.array(testCaseSchema),
  /** Tail of the combined output, capped. */
  outputTail: z.string(),
})
export type TestReport = z.infer<typeof testReportSchema>
