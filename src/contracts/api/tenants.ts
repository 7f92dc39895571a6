import { z } from 'zod'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'

const access = { action: 'manage-tenants', resource: 'installation' } as const
const params = z.strictObject({ tenantId: idSchema })

/** Without a limit where a member is absent. */
const quotasSchema = z.strictObject({
  /** Runs that are open at the same time. */
  runs: z.int().min(0).optional(),
  storageBytes: z.int().min(0).optional(),
  people: z.int().min(0).optional(),
})

const tenantSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'suspended']),
  quotas: quotasSchema,
  createdAt: timeSchema,
})
const summarySchema = tenantSchema.meta({ id: 'TenantSummary' })
const detailSchema = tenantSchema
  .extend({ usage: z.object({ runs: z.int(), storageBytes: z.int(), people: z.int() }) })
  .meta({ id: 'Tenant' })

export const listTenants = defineOperation({
  id: 'listTenants',
  method: 'GET',
  path: '/api/v1/tenants',
  tag: 'tenants',
  summary: 'Tenants of this installation, by their ids',
  access,
  query: z.strictObject(pageQuery),
  answer: { 200: pageOf(summarySchema) },
})

export const createTenant = defineOperation({
  id: 'createTenant',
  method: 'POST',
  path: '/api/v1/tenants',
  tag: 'tenants',
  summary: 'Make a tenant, and get the link by which its first owner signs in once',
  access,
  body: z.strictObject({
    id: z.string().min(1).max(80),
    name: z.string().trim().min(1).max(100),
    quotas: quotasSchema.optional(),
  }),
  answer: { 201: z.object({ tenant: detailSchema, link: z.string() }) },
  secretAnswer: true,
})

export const getTenant = defineOperation({
  id: 'getTenant',
  method: 'GET',
  path: '/api/v1/tenants/{tenantId}',
  tag: 'tenants',
  summary: 'A tenant, with what it uses of its quotas',
  access,
  params,
  answer: { 200: detailSchema },
})

export const changeTenant = defineOperation({
  id: 'changeTenant',
  method: 'PATCH',
  path: '/api/v1/tenants/{tenantId}',
  tag: 'tenants',
  summary: 'Rename a tenant, replace its quotas, suspend it or take that back',
  access,
  params,
  body: z.strictObject({
    name: z.string().trim().min(1).max(100).optional(),
    quotas: quotasSchema.optional(),
    state: z.enum(['active', 'suspended']).optional(),
  }),
  answer: { 200: detailSchema },
})

export const deleteTenant = defineOperation({
  id: 'deleteTenant',
  method: 'DELETE',
  path: '/api/v1/tenants/{tenantId}',
  tag: 'tenants',
  summary: 'Delete a suspended tenant for good, and get the signed proof',
  access,
  params,
  answer: {
    200: z
      .object({
        format: z.literal('atelier-tenant-deletion/1'),
        tenantId: z.string(),
        deletedAt: timeSchema,
        deletedBy: z.string(),
        rows: z.record(z.string(), z.int()),
        folders: z.array(z.string()),
        auditHead: z.object({ seq: z.int(), hash: z.string() }).nullable(),
        keyId: z.string(),
        publicKey: z.string(),
        signature: z.string(),
      })
      .meta({ id: 'TenantDeletionProof' }),
  },
  timeoutMs: 10 * 60_000,
})
