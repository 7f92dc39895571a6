import { z } from 'zod'
import { workItemSchema } from '../index.ts'
import { defineOperation } from './operation.ts'

export const setRepositoryTrust = defineOperation({
  id: 'setRepositoryTrust',
  method: 'POST',
  path: '/api/v1/repositories/trust',
  tag: 'repositories',
  summary:
    'Vouch for a repository, so that its code may run without a sandbox where policy allows; or take that back',
  access: { action: 'trust-repository', resource: 'repository' },
  body: z.strictObject({
    repository: workItemSchema.shape.repository.shape.location,
    trusted: z.boolean(),
    reason: z.string().min(1).max(2000),
  }),
  answer: { 204: null },
})
