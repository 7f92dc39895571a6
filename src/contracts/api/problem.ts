import { z } from 'zod'

/** How every failure is told: RFC 9457, with the studio's own code and what to do next. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    /** Id of the request, as the log has it. */
    instance: z.string(),
    code: z.string(),
    remedy: z.string(),
    /** Whether the same request may succeed later without anybody changing anything. */
    retryable: z.boolean(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>
