import { z } from 'zod'
import { submissionSchema } from '../index.ts'
import { defineOperation } from './operation.ts'

export const submitWorkItem = defineOperation({
  id: 'submitWorkItem',
  method: 'POST',
  path: '/api/v1/work-items',
  tag: 'work',
  summary: 'Submit a work item, and start its run',
  description: 'Send an `Idempotency-Key`: the same key again yields the same run.',
  access: { action: 'submit-work-item', resource: 'project' },
  body: submissionSchema.omit({ reporter: true, idempotencyKey: true }).meta({ id: 'Submission' }),
  answer: { 201: z.object({ workItemId: z.string(), runId: z.string() }) },
})
