import { z } from 'zod'
import { timeSchema } from './identifiers.ts'

/** Name of a policy or workflow of a tenant's own. */
export const ownTextNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, a letter first')

export const ownTextParams = z.strictObject({ name: ownTextNameSchema })

/** What a version of something written by people of a tenant has beside its text. */
export const ownTextHead = {
  name: z.string(),
  version: z.int(),
  state: z.enum(['draft', 'in-force', 'superseded', 'rejected']),
  digest: z.string(),
  /** Principal ids of everybody who wrote at it. */
  authors: z.array(z.string()),
  decidedBy: z.string().nullable(),
  reason: z.string().nullable(),
  createdAt: timeSchema,
  changedAt: timeSchema,
  decidedAt: timeSchema.nullable(),
}

export const verdictBody = z.strictObject({
  /** Of the draft that was shown. */
  digest: z.string().min(1).max(100),
  verdict: z.enum(['approved', 'rejected']),
  reason: z.string().max(2000).default(''),
})
