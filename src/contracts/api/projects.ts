import { z } from 'zod'
import { idSchema, timeSchema } from './identifiers.ts'
import { defineOperation, pageOf, pageQuery } from './operation.ts'

const readsProject = { action: 'read-project', resource: 'project' } as const
const location = z.string().min(1).max(4096)

/** What is kept of a project beside its name. */
export const projectSettingsSchema = z.object({
  description: z.string().default(''),
  /** Paths or addresses. */
  repositories: z.array(z.string()).default([]),
  /** Takes no new work. */
  archived: z.boolean().default(false),
})
export type ProjectSettings = z.output<typeof projectSettingsSchema>

/** What is shown or offered of a project only to those who may see or do it. */
export const projectRightSchema = z.enum([
  'submit-work-item',
  'use-models',
  'read-budget',
  'set-budget',
  'read-studio',
  'accept-tool',
  'change-project',
])
export type ProjectRight = z.infer<typeof projectRightSchema>

const projectSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    repositories: z.array(z.string()),
    archived: z.boolean(),
    createdAt: timeSchema,
    createdBy: z.string(),
    /** What the policies permit the caller in it. */
    may: z.array(projectRightSchema),
  })
  .meta({ id: 'Project' })

const changes = {
  name: z.string().trim().min(1).max(200),
  description: z.string().max(4000),
  repositories: z.array(location).max(200),
}

const projectParams = z.strictObject({ projectId: idSchema })

export const listProjects = defineOperation({
  id: 'listProjects',
  method: 'GET',
  path: '/api/v1/projects',
  tag: 'projects',
  summary: 'Projects that the caller may read',
  access: readsProject,
  query: z.strictObject({ ...pageQuery, archived: z.boolean().default(false) }),
  answer: { 200: pageOf(projectSchema) },
})

export const getProject = defineOperation({
  id: 'getProject',
  method: 'GET',
  path: '/api/v1/projects/{projectId}',
  tag: 'projects',
  summary: 'One project',
  access: readsProject,
  params: projectParams,
  answer: { 200: projectSchema },
})

export const createProject = defineOperation({
  id: 'createProject',
  method: 'POST',
  path: '/api/v1/projects',
  tag: 'projects',
  summary: 'Create a project',
  access: { action: 'create-project', resource: 'studio' },
  body: z.strictObject({
    name: changes.name,
    description: changes.description.default(''),
    repositories: changes.repositories.default([]),
  }),
  answer: { 201: projectSchema },
})

export const changeProject = defineOperation({
  id: 'changeProject',
  method: 'PATCH',
  path: '/api/v1/projects/{projectId}',
  tag: 'projects',
  summary: 'Change a project, or archive it; what is left out stays as it is',
  access: { action: 'change-project', resource: 'project' },
  params: projectParams,
  body: z.strictObject({
    name: changes.name.optional(),
    description: changes.description.optional(),
    repositories: changes.repositories.optional(),
    archived: z.boolean().optional(),
  }),
  answer: { 200: projectSchema },
})
