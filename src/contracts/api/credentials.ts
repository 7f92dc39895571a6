import { z } from 'zod'
import { scopeSchema } from '../index.ts'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation } from './operation.ts'

const own = { action: 'manage-own-tokens', resource: 'directory' } as const
const all = { action: 'manage-tokens', resource: 'directory' } as const

const sessionSchema = z
  .object({
    id: z.string(),
    /** What the browser says it is. */
    device: z.string(),
    method: z.enum(['link', 'oidc']),
    provider: z.string().nullable(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema,
    expiresAt: timeSchema,
    /** Whether it is the session that asks. */
    current: z.boolean(),
  })
  .meta({ id: 'Session' })

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    principalId: z.string(),
    scopes: z.array(z.string()),
    projects: z.array(z.string()).nullable(),
    createdBy: z.string(),
    createdAt: timeSchema,
    expiresAt: timeSchema,
    lastUsedAt: timeSchema.nullable(),
  })
  .meta({ id: 'ApiToken' })

export const listSessions = defineOperation({
  id: 'listSessions',
  method: 'GET',
  path: '/api/v1/sessions',
  tag: 'credentials',
  summary: 'One’s own sessions, last used first',
  access: own,
  answer: { 200: z.object({ items: z.array(sessionSchema) }) },
})

export const endSession = defineOperation({
  id: 'endSession',
  method: 'DELETE',
  path: '/api/v1/sessions/{sessionId}',
  tag: 'credentials',
  summary: 'End one of one’s own sessions at once',
  access: own,
  params: z.strictObject({ sessionId: idSchema }),
  answer: { 204: null },
})

export const endOtherSessions = defineOperation({
  id: 'endOtherSessions',
  method: 'DELETE',
  path: '/api/v1/sessions',
  tag: 'credentials',
  summary: 'End all of one’s own sessions but the one that asks',
  access: own,
  answer: { 204: null },
})

export const listTokens = defineOperation({
  id: 'listTokens',
  method: 'GET',
  path: '/api/v1/tokens',
  tag: 'credentials',
  summary: 'One’s own API tokens, newest first',
  access: own,
  answer: { 200: z.object({ items: z.array(tokenSchema) }) },
})

export const listAllTokens = defineOperation({
  id: 'listAllTokens',
  method: 'GET',
  path: '/api/v1/tokens/all',
  tag: 'credentials',
  summary: 'API tokens of everybody in the tenant, newest first',
  access: all,
  answer: { 200: z.object({ items: z.array(tokenSchema) }) },
})

export const createToken = defineOperation({
  id: 'createToken',
  method: 'POST',
  path: '/api/v1/tokens',
  tag: 'credentials',
  summary: 'Make an API token, for oneself or for a service; it is shown once',
  access: own,
  body: z.strictObject({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(scopeSchema).min(1).max(50),
    projects: z.array(idSchema).min(1).max(100).optional(),
    days: z.int().min(1).max(366).default(90),
    for: idSchema.optional(),
  }),
  answer: { 201: tokenSchema.extend({ token: z.string() }).meta({ id: 'IssuedApiToken' }) },
  secretAnswer: true,
})

export const revokeToken = defineOperation({
  id: 'revokeToken',
  method: 'DELETE',
  path: '/api/v1/tokens/{tokenId}',
  tag: 'credentials',
  summary: 'Revoke an API token at once; one of somebody else’s takes the right to',
  access: own,
  params: z.strictObject({ tokenId: idSchema }),
  answer: { 204: null },
})

export const revokeCredentials = defineOperation({
  id: 'revokeCredentials',
  method: 'DELETE',
  path: '/api/v1/people/{memberId}/credentials',
  tag: 'credentials',
  summary: 'End all sessions and tokens of somebody at once',
  access: all,
  params: z.strictObject({ memberId: idSchema }),
  answer: { 200: z.object({ ended: z.int() }) },
})
