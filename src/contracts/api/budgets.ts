import { z } from 'zod'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'

const readsBudget = { action: 'read-budget', resource: 'budget' } as const
const amount = z.int().nonnegative()
const unitSchema = z.object({ limit: z.int().nullable(), reserved: z.int(), spent: z.int() })

const budgetAccountSchema = z
  .object({
    level: z.enum(['tenant', 'project', 'run', 'step', 'person']),
    /** Id of the tenant, the project, the run, or the person or service. */
    subject: z.string(),
    units: z.object({ money: unitSchema, tokens: unitSchema, toolCalls: unitSchema, seconds: unitSchema }),
  })
  .meta({ id: 'BudgetAccount' })

const ledgerEntrySchema = z
  .object({
    seq: z.int(),
    at: timeSchema,
    kind: z.enum(['reserve', 'settle']),
    reason: z.string().nullable(),
    projectId: z.string(),
    runId: z.string(),
    stepId: z.string(),
    actKey: z.string(),
    attempt: z.int(),
    /** Money in millionths of the currency. */
    amounts: z.object({ money: z.int(), tokens: z.int(), toolCalls: z.int(), seconds: z.int() }),
  })
  .meta({ id: 'LedgerEntry' })

const lastDay = z.iso.date().nullable()

const forecastSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('too-little-data'), days: z.int(), needed: z.int() }),
    z.object({
      kind: z.literal('forecast'),
      days: z.int(),
      perDay: z.int(),
      trend: z.int(),
      next30: z.object({ expected: z.int(), low: z.int(), high: z.int() }),
      runsOut: z.object({ expected: lastDay, earliest: lastDay, latest: lastDay }).nullable(),
    }),
  ])
  .meta({ id: 'Forecast' })

export const listBudgets = defineOperation({
  id: 'listBudgets',
  method: 'GET',
  path: '/api/v1/budgets',
  tag: 'budgets',
  summary: 'Budgets of the tenant and its projects: limits, spent, reserved',
  access: readsBudget,
  answer: { 200: z.object({ items: z.array(budgetAccountSchema) }) },
})

export const listRunBudgets = defineOperation({
  id: 'listRunBudgets',
  method: 'GET',
  path: '/api/v1/budgets/runs',
  tag: 'budgets',
  summary: 'Budgets of runs, newest first, and then of what people ask of models, by day',
  access: readsBudget,
  query: z.strictObject({ ...pageQuery, projectId: idSchema.optional() }),
  answer: { 200: pageOf(budgetAccountSchema.extend({ projectId: z.string() })) },
})

export const setBudget = defineOperation({
  id: 'setBudget',
  method: 'PUT',
  path: '/api/v1/budgets/{level}/{subject}',
  tag: 'budgets',
  summary:
    'Set the limits of a budget; a unit that is left out has none. Those of a person or service hold for what they ask of models on each day in each project',
  access: { action: 'set-budget', resource: 'budget' },
  params: z.strictObject({ level: z.enum(['tenant', 'project', 'run', 'person']), subject: idSchema }),
  body: z.strictObject({
    money: amount.optional(),
    tokens: amount.optional(),
    toolCalls: amount.optional(),
    seconds: amount.optional(),
  }),
  answer: { 200: budgetAccountSchema },
})

export const listLedger = defineOperation({
  id: 'listLedger',
  method: 'GET',
  path: '/api/v1/budgets/ledger',
  tag: 'budgets',
  summary: 'Entries of the ledger, newest first',
  access: readsBudget,
  query: z.strictObject({ ...pageQuery, runId: idSchema.optional() }),
  answer: { 200: pageOf(ledgerEntrySchema) },
})

export const getBurn = defineOperation({
  id: 'getBurn',
  method: 'GET',
  path: '/api/v1/budgets/burn',
  tag: 'budgets',
  summary: 'Money and tokens used on each day, by project, agent, tool or model',
  access: readsBudget,
  query: z.strictObject({
    by: z.enum(['project', 'agent', 'tool', 'model']).default('project'),
    days: z.int().min(1).max(365).default(30),
  }),
  answer: {
    200: z.object({
      items: z.array(
        z.object({
          day: z.iso.date(),
          key: z.string(),
          money: z.int(),
          tokens: z.int(),
          calls: z.int(),
        }),
      ),
    }),
  },
})

export const getBudgetOutlook = defineOperation({
  id: 'getBudgetOutlook',
  method: 'GET',
  path: '/api/v1/budgets/outlook',
  tag: 'budgets',
  summary: 'How spending will go on, and when the budget runs out, by the last four weeks',
  access: readsBudget,
  query: z.strictObject({ projectId: idSchema.optional() }),
  answer: {
    200: z.object({
      days: z.array(z.object({ day: z.iso.date(), money: z.int() })),
      forecast: forecastSchema,
      left: z.int().nullable(),
      moneyPerAcceptedChange: z.int().nullable(),
    }),
  },
})
