import { z } from 'zod'
import { roleSchema } from '../index.ts'
import { defineOperation } from './operation.ts'

/** What is offered on a screen of the tenant only to those who may do it. */
export const tenantRightSchema = z.enum(['manage-people', 'draft-policy', 'create-project'])
export type TenantRight = z.infer<typeof tenantRightSchema>

const meSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['person', 'agent', 'service']),
    name: z.string(),
    tenant: z.object({ id: z.string(), name: z.string() }),
    roles: z.array(roleSchema),
    /** Further roles, each in one project only, by its id. */
    projectRoles: z.record(z.string(), z.array(roleSchema)),
    /** What the roles permit in the tenant as a whole. */
    may: z.array(tenantRightSchema),
    via: z.enum(['session', 'token', 'local']),
    scopes: z.union([z.literal('all'), z.array(z.string())]),
  })
  .meta({ id: 'Me' })

export const getMe = defineOperation({
  id: 'getMe',
  method: 'GET',
  path: '/api/v1/me',
  tag: 'identity',
  summary: 'Who the caller is, and with which roles',
  access: { authenticated: true },
  answer: { 200: meSchema },
})
