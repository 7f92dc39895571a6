import { z } from 'zod'
import { roleSchema } from '../index.ts'
import { defineOperation } from './operation.ts'
import { projectRightSchema } from './projects.ts'

/** What is shown or offered only to those who may see or do it in the tenant as a whole. */
export const tenantRightSchema = z.enum([
  'read-policies',
  'simulate-policies',
  'draft-policy',
  'decide-policy',
  'read-people',
  'manage-people',
  'manage-own-tokens',
  'manage-tokens',
  'read-audit',
  'read-budget',
  'set-budget',
  'read-studio',
  'read-operations',
  'set-model-weights',
  'draft-workflow',
  'decide-workflow',
  'create-project',
])
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
    /** What the policies permit in the tenant as a whole. */
    may: z.array(tenantRightSchema),
    /** What they permit in one project at least. */
    mayInProjects: z.array(projectRightSchema),
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

export const listRights = defineOperation({
  id: 'listRights',
  method: 'GET',
  path: '/api/v1/me/rights',
  tag: 'identity',
  summary: 'The roles with which the policies would permit the caller to see or do something',
  access: { authenticated: true },
  answer: {
    200: z.object({
      items: z.array(
        z.object({
          right: z.enum([...tenantRightSchema.options, ...projectRightSchema.options]),
          /** Whether a role in a project suffices, for this project. */
          inProject: z.boolean(),
          /** Each of which suffices. */
          roles: z.array(roleSchema),
        }),
      ),
    }),
  },
})
