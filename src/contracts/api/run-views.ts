import { z } from 'zod'
import { defineOperation } from './operation.ts'
import { listRuns } from './runs.ts'

/** How many views somebody keeps. */
const mostViews = 50

const runViewSchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  /** What the list of runs is limited to. */
  filter: listRuns.query.omit({ after: true, limit: true }),
})

const runViewsSchema = z.object({
  /** In the order in which they are shown; no two have the same name. */
  views: z
    .array(runViewSchema)
    .max(mostViews)
    .refine(
      (views) => new Set(views.map(({ name }) => name)).size === views.length,
      'two have the same name',
    ),
})

export const getRunViews = defineOperation({
  id: 'getRunViews',
  method: 'GET',
  path: '/api/v1/me/run-views',
  tag: 'identity',
  summary: 'Filters of the list of runs that the caller keeps under a name',
  access: { authenticated: true },
  answer: { 200: runViewsSchema.meta({ id: 'RunViews' }) },
})

export const setRunViews = defineOperation({
  id: 'setRunViews',
  method: 'PUT',
  path: '/api/v1/me/run-views',
  tag: 'identity',
  summary: 'Keep these filters in place of those before',
  access: { authenticated: true },
  ifMatch: { of: 'getRunViews', required: true },
  body: z.strictObject(runViewsSchema.shape),
  answer: { 200: runViewsSchema },
})
