import { defineErrors } from '../../kernel/index.ts'

export const peopleErrors = defineErrors('PEOPLE', {
  NOT_FOUND: {
    summary: 'The tenant has no such person or service',
    remedy: 'List the people, and correct the id.',
  },
  EXISTS: {
    summary: 'There is a person or service of this id already',
    remedy: 'Choose another id, or enable the one that is there.',
  },
  LAST_OWNER_CONFLICT: {
    summary: 'The tenant would be left without an owner',
    remedy: 'Make somebody else an owner first.',
  },
  ROLE_FROM_GROUP_CONFLICT: {
    summary: 'The role comes from a group of the identity provider',
    remedy:
      'Take the person out of the group there, or change the mapping; it counts from their next sign-in.',
  },
  PROJECT_NOT_FOUND: {
    summary: 'The tenant has no such project',
    remedy: 'List the projects, and correct the id.',
  },
  ROLE_NOT_FOR_SERVICES: {
    summary: 'Services cannot have this role',
    remedy:
      'Give a service one of viewer, engineer, operator and security; to decide and to own takes a person.',
  },
})
