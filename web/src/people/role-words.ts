import type { Member } from './queries.ts'

export type Role = Member['roles'][number]

/** What each role may do, in a few words. The policies say it exactly. */
export const roleWords: Readonly<Record<Role, string>> = {
  viewer: 'Reads work, runs and evidence',
  engineer: 'Submits work and steers their own runs',
  approver: 'Decides about changes that they had no part in',
  operator: 'Keeps the studio running: every run, routes, health',
  security: 'Reads the audit log, writes and decides policies',
  owner: 'Manages people, budgets and everything else',
}

const roles = Object.keys(roleWords) as readonly Role[]

/** Roles from the widest to the narrowest right, as they are offered. */
export const rolesInOrder: readonly Role[] = roles

/** Roles in one line: those of the whole tenant, and in how many projects there are more. */
export function rolesInWords({ roles: own, projectRoles }: Pick<Member, 'roles' | 'projectRoles'>): string {
  const projects = Object.keys(projectRoles).length
  const more = projects === 0 ? '' : `more in ${projects} ${projects === 1 ? 'project' : 'projects'}`
  return [own.join(', '), more].filter(Boolean).join('; ') || 'No role yet'
}
