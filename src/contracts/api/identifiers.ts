import { z } from 'zod'

/** An identifier that the studio gave, as it stands in a path. */
export const idSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w.:@-]+$/, 'letters, digits and . _ : @ -')

export const runParams = z.strictObject({ runId: idSchema })

/** ISO 8601, in UTC. */
export const timeSchema = z.iso.datetime()
