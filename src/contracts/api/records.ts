import { z } from 'zod'
import { runParams } from './identifiers.ts'
import { defineOperation } from './operation.ts'

export const exportEvidence = defineOperation({
  id: 'exportEvidence',
  method: 'GET',
  path: '/api/v1/runs/{runId}/evidence',
  tag: 'records',
  summary: 'Everything that proves how a run came about, to be verified anywhere',
  access: { action: 'read-run', resource: 'run' },
  params: runParams,
  answer: { 200: z.record(z.string(), z.unknown()) },
  timeoutMs: 120_000,
})

export const verifyEvidence = defineOperation({
  id: 'verifyEvidence',
  method: 'POST',
  path: '/api/v1/runs/{runId}/evidence/verification',
  tag: 'records',
  summary: 'Verify the evidence of a run',
  access: { action: 'read-run', resource: 'run' },
  params: runParams,
  answer: { 200: z.object({ ok: z.boolean(), checked: z.int(), problems: z.array(z.string()) }) },
  timeoutMs: 120_000,
})

export const verifyAudit = defineOperation({
  id: 'verifyAudit',
  method: 'POST',
  path: '/api/v1/audit/verification',
  tag: 'records',
  summary: 'Verify the chain of the audit log, and the ledger',
  access: { action: 'read-audit', resource: 'audit-log' },
  answer: {
    200: z.object({
      ok: z.boolean(),
      records: z.int(),
      problems: z.array(z.object({ sequence: z.int(), kind: z.string(), message: z.string() })),
    }),
  },
  timeoutMs: 120_000,
})
