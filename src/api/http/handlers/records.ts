import { z } from 'zod'
import type { Services } from '../../services/index.ts'
import type { Handlers } from '../handler.ts'

type RecordHandlers = Pick<Handlers, 'exportEvidence' | 'verifyEvidence' | 'verifyAudit'>

const bundleSchema = z.record(z.string(), z.unknown())

export function recordHandlers({ records }: Services): RecordHandlers {
  return {
    exportEvidence: async ({ caller, params }) =>
      bundleSchema.parse(await records.exportEvidence(caller, params.runId)),
    verifyEvidence: ({ caller, params }) => records.verifyEvidence(caller, params.runId),
    verifyAudit: ({ caller }) => records.verifyAudit(caller),
  }
}
