import { z } from 'zod'
import { defineOperation } from './operation.ts'

export const startDemo = defineOperation({
  id: 'startDemo',
  method: 'POST',
  path: '/api/v1/demo',
  tag: 'work',
  summary: 'Start the demo: a real bug in a small sample repository on the studio’s machine',
  description: 'The front desk asks for the work, so that whoever starts the demo may approve it.',
  access: { action: 'submit-work-item', resource: 'project' },
  answer: { 201: z.object({ workItemId: z.string(), runId: z.string() }) },
})
