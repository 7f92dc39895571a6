import { z } from 'zod'
import { timeSchema } from './identifiers.ts'
import { defineOperation } from './operation.ts'
import { runStatusSchema } from './runs.ts'

const healthSchema = z
  .object({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        ok: z.boolean(),
        detail: z.string(),
        /** What to do, where something is wrong. */
        remedy: z.string().optional(),
      }),
    ),
    load: z.object({
      runs: z.object({ running: z.int(), waiting: z.int() }),
      steps: z.object({ ready: z.int(), running: z.int(), waiting: z.int() }),
      /** Seconds that the step which waits longest for a process has been ready. */
      oldestReady: z.int().nullable(),
      /** Seconds that the oldest open question to a person has been open. */
      oldestQuestion: z.int().nullable(),
    }),
    executors: z.array(
      z.object({
        id: z.string(),
        host: z.string(),
        processId: z.int(),
        startedAt: timeSchema,
        /** Seconds since it was heard of. */
        silentFor: z.int(),
      }),
    ),
  })
  .meta({ id: 'Health' })

const day = z.iso.date()

const flowSchema = z
  .object({
    since: timeSchema,
    runs: z.array(z.object({ day, status: runStatusSchema, count: z.int() })),
    durations: z.array(z.object({ workflow: z.string(), runs: z.int(), p50: z.number(), p95: z.number() })),
    decisions: z.object({ approved: z.int(), rejected: z.int(), void: z.int() }),
    /** Share of what was decided; null before anything was. */
    acceptance: z.number().nullable(),
    cost: z.array(z.object({ day, money: z.int(), tokens: z.int() })),
    moneyPerAcceptedChange: z.int().nullable(),
    /** The question behind each figure, by its name. */
    basis: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Flow' })

export const getHealth = defineOperation({
  id: 'getHealth',
  method: 'GET',
  path: '/api/v1/health',
  tag: 'installation',
  summary: 'Whether everything is there that the studio needs, and how much there is to do',
  access: { action: 'read-operations', resource: 'studio' },
  timeoutMs: 60_000,
  answer: { 200: healthSchema },
})

export const getFlow = defineOperation({
  id: 'getFlow',
  method: 'GET',
  path: '/api/v1/metrics/flow',
  tag: 'installation',
  summary: 'Runs by outcome, how long they take, what is accepted, and what it costs',
  access: { action: 'read-studio', resource: 'studio' },
  query: z.strictObject({ days: z.int().min(1).max(365).default(30) }),
  answer: { 200: flowSchema },
})
