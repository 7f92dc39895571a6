import { z } from 'zod'
import { roleSchema } from '../index.ts'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'

const memberSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['person', 'service']),
    name: z.string(),
    disabled: z.boolean(),
    onBehalfOf: z.string().nullable(),
    roles: z.array(roleSchema),
    projectRoles: z.record(z.string(), z.array(roleSchema)),
    createdAt: timeSchema,
    lastSeenAt: timeSchema.nullable(),
  })
  .meta({ id: 'Member' })

const reading = { action: 'read-people', resource: 'directory' } as const
const managing = { action: 'manage-people', resource: 'directory' } as const
const memberParams = z.strictObject({ memberId: idSchema })
const roleParams = z.strictObject({ memberId: idSchema, role: roleSchema })
const roleQuery = z.strictObject({ project: idSchema.optional() })
const nameSchema = z.string().trim().min(1).max(100)
const handle = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,59}$/, 'small letters, digits and . _ -')

export const listPeople = defineOperation({
  id: 'listPeople',
  method: 'GET',
  path: '/api/v1/people',
  tag: 'people',
  summary: 'People and services of the tenant, by their ids',
  access: reading,
  query: z.strictObject(pageQuery),
  answer: { 200: pageOf(memberSchema) },
})

export const getPerson = defineOperation({
  id: 'getPerson',
  method: 'GET',
  path: '/api/v1/people/{memberId}',
  tag: 'people',
  summary: 'A person or service, with their roles',
  access: reading,
  params: memberParams,
  answer: { 200: memberSchema },
})

export const invitePerson = defineOperation({
  id: 'invitePerson',
  method: 'POST',
  path: '/api/v1/people',
  tag: 'people',
  summary: 'Add a person, and get the link by which they sign in once',
  access: managing,
  body: z.strictObject({ handle, name: nameSchema }),
  answer: { 201: z.object({ member: memberSchema, link: z.string() }) },
  secretAnswer: true,
})

export const invitePersonAgain = defineOperation({
  id: 'invitePersonAgain',
  method: 'POST',
  path: '/api/v1/people/{memberId}/invitations',
  tag: 'people',
  summary: 'Get a new link for a person; the one before stops working',
  access: managing,
  params: memberParams,
  answer: { 201: z.object({ link: z.string() }) },
  secretAnswer: true,
})

export const createServiceIdentity = defineOperation({
  id: 'createServiceIdentity',
  method: 'POST',
  path: '/api/v1/services',
  tag: 'people',
  summary: 'Add a service, for which a person answers',
  access: managing,
  body: z.strictObject({ handle, name: nameSchema, answeredForBy: idSchema }),
  answer: { 201: memberSchema },
})

export const changePerson = defineOperation({
  id: 'changePerson',
  method: 'PATCH',
  path: '/api/v1/people/{memberId}',
  tag: 'people',
  summary: 'Disable or enable a person or service; disabling ends all sessions and tokens at once',
  access: managing,
  params: memberParams,
  body: z.strictObject({ disabled: z.boolean() }),
  answer: { 200: memberSchema },
})

export const giveRole = defineOperation({
  id: 'giveRole',
  method: 'PUT',
  path: '/api/v1/people/{memberId}/roles/{role}',
  tag: 'people',
  summary: 'Give a role, in the whole tenant or in one project',
  access: { action: 'give-role', resource: 'directory' },
  params: roleParams,
  query: roleQuery,
  answer: { 200: memberSchema },
})

export const takeRole = defineOperation({
  id: 'takeRole',
  method: 'DELETE',
  path: '/api/v1/people/{memberId}/roles/{role}',
  tag: 'people',
  summary: 'Take a role that a person gave, in the whole tenant or in one project',
  access: { action: 'take-role', resource: 'directory' },
  params: roleParams,
  query: roleQuery,
  answer: { 200: memberSchema },
})
