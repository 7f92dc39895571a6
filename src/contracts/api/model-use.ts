import { z } from 'zod'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation } from './operation.ts'

const amount = z.int().nonnegative().nullable()
const unitSchema = z.object({ limit: z.int().nullable(), reserved: z.int(), spent: z.int() })

const modelUseSchema = z
  .object({
    /** In UTC. */
    day: z.iso.date(),
    /** When the day ends and the limits begin anew. */
    endsAt: timeSchema,
    /** The most that may be used on each day in each project; a unit without a limit is null. Money in millionths. */
    limits: z.object({ money: amount, tokens: amount, toolCalls: amount, seconds: amount }),
    /** Whether somebody set the limits for this person or service; otherwise they are those of everybody. */
    isOwn: z.boolean(),
    /** What was used today, in each project in which models were asked. */
    projects: z.array(
      z.object({
        projectId: z.string(),
        units: z.object({
          money: unitSchema,
          tokens: unitSchema,
          toolCalls: unitSchema,
          seconds: unitSchema,
        }),
      }),
    ),
  })
  .meta({ id: 'ModelUse' })

export const getOwnModelUse = defineOperation({
  id: 'getOwnModelUse',
  method: 'GET',
  path: '/api/v1/me/model-use',
  tag: 'budgets',
  summary: 'What the caller may ask of models at the gateway each day, and has asked today',
  access: { authenticated: true },
  answer: { 200: modelUseSchema },
})

export const getModelUse = defineOperation({
  id: 'getModelUse',
  method: 'GET',
  path: '/api/v1/people/{memberId}/model-use',
  tag: 'budgets',
  summary: 'What a person or service may ask of models at the gateway each day, and has asked today',
  description: '`setBudget` with the level `person` sets the limits.',
  access: { action: 'read-budget', resource: 'budget' },
  params: z.strictObject({ memberId: idSchema }),
  answer: { 200: modelUseSchema },
})
