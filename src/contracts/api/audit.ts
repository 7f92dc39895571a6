import { z } from 'zod'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation, eventStream, pageOf, pageQuery } from './operation.ts'

const readsAudit = { action: 'read-audit', resource: 'audit-log' } as const
const outcomeSchema = z.enum(['allowed', 'denied', 'started', 'succeeded', 'failed'])

const auditRecordSchema = z
  .object({
    seq: z.int(),
    hash: z.string(),
    time: timeSchema,
    principalId: z.string(),
    onBehalfOf: z.string().nullable(),
    osUid: z.int().nullable(),
    /** `tool:<name>` for acts, otherwise the action that policies were asked about. */
    action: z.string(),
    resource: z.string(),
    outcome: outcomeSchema,
    /** Ids of the policies that decided. */
    policies: z.array(z.string()),
    policySet: z.string().nullable(),
    digests: z.record(z.string(), z.string()),
    runId: z.string().nullable(),
    actKey: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditRecord' })

const problemSchema = z.object({ seq: z.int(), kind: z.string(), message: z.string() })

export const listAuditRecords = defineOperation({
  id: 'listAuditRecords',
  method: 'GET',
  path: '/api/v1/audit/records',
  tag: 'audit',
  summary: 'Records of the audit log, newest first',
  description:
    'One page looks at a bounded number of records, so with filters it may be short, or empty, without being the last: `next` says.',
  access: readsAudit,
  query: z.strictObject({
    ...pageQuery,
    principalId: idSchema.optional(),
    action: z.string().min(1).max(200).optional(),
    runId: idSchema.optional(),
    outcome: outcomeSchema.optional(),
    since: timeSchema.optional(),
    until: timeSchema.optional(),
    /** Stands anywhere in the record. */
    text: z.string().min(1).max(200).optional(),
  }),
  answer: { 200: pageOf(auditRecordSchema) },
})

export const getAuditRecord = defineOperation({
  id: 'getAuditRecord',
  method: 'GET',
  path: '/api/v1/audit/records/{seq}',
  tag: 'audit',
  summary: 'One record, with those right before and after it',
  access: readsAudit,
  params: z.strictObject({ seq: z.int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  answer: {
    200: z.object({
      record: auditRecordSchema,
      before: z.array(auditRecordSchema),
      after: z.array(auditRecordSchema),
    }),
  },
})

export const checkAuditChain = defineOperation({
  id: 'checkAuditChain',
  method: 'GET',
  path: '/api/v1/audit/check',
  tag: 'audit',
  summary: 'Check the whole chain: how far the check has come, then what it found',
  access: readsAudit,
  answer: {
    200: eventStream(
      z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('progress'), read: z.int(), total: z.int() }),
        z.object({
          kind: z.literal('report'),
          ok: z.boolean(),
          records: z.int(),
          /** The highest record that a signed checkpoint vouches for. */
          signedThrough: z.int(),
          problems: z.array(problemSchema),
        }),
      ]),
    ),
  },
})
