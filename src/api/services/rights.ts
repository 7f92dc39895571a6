import {
  type ProjectRight,
  projectRightSchema,
  type TenantRight,
  tenantRightSchema,
} from '../../contracts/api/index.ts'
import { type Caller, type Role, roleSchema } from '../../contracts/index.ts'
import type { Intention } from '../../governance/index.ts'
import { defaultProject, type ProjectId } from '../../kernel/index.ts'
import { type Access, deciding, projectResource, studioResource } from './access.ts'

/** A right with the roles that would give it. */
export interface RightView {
  readonly right: TenantRight | ProjectRight
  /** Whether a role in a project suffices, for this project. */
  readonly inProject: boolean
  readonly roles: readonly Role[]
}

/**
 * What clients show and offer to whom: as the policies decide it now, never as roles are thought to mean. Nothing here is
 * recorded or permitted; whatever is attempted is decided anew.
 */
export class RightsService {
  readonly #access: Access

  constructor(access: Access) {
    this.#access = access
  }

  /** In the tenant as a whole. */
  inTenant(caller: Caller): readonly TenantRight[] {
    return tenantRightSchema.options.filter((right) => this.#access.permits(caller, inTenant[right](caller)))
  }

  /** In one project. */
  inProject(caller: Caller, projectId: ProjectId): readonly ProjectRight[] {
    return projectRightSchema.options.filter((right) =>
      this.#access.permits(caller, inProject[right](caller, projectId)),
    )
  }

  /** In one project at least. */
  async inProjects(caller: Caller): Promise<readonly ProjectRight[]> {
    const projects = await this.#access.projectsOf(caller)
    return projectRightSchema.options.filter((right) =>
      projects.some((id) => this.#access.permits(caller, inProject[right](caller, id))),
    )
  }

  /** Every right with the roles each of which would give it to the caller. */
  withRoles(caller: Caller): readonly RightView[] {
    const rolesFor = (intention: Intention): readonly Role[] =>
      roleSchema.options.filter((role) => this.#access.permits(havingOnly(caller, role), intention))
    return [
      ...tenantRightSchema.options.map((right) => ({
        right,
        inProject: false,
        roles: rolesFor(inTenant[right](caller)),
      })),
      ...projectRightSchema.options.map((right) => ({
        right,
        inProject: true,
        roles: rolesFor(inProject[right](caller, defaultProject)),
      })),
    ]
  }
}

/** The caller, had they this role in the tenant and no other. */
function havingOnly(caller: Caller, role: Role): Caller {
  const { projectRoles: _, ...principal } = caller.principal
  return { ...caller, principal: { ...principal, roles: [role] } }
}

type StudioRight = Exclude<
  TenantRight,
  DirectoryRight | 'read-audit' | 'read-budget' | 'set-budget' | 'decide-policy' | 'decide-workflow'
>
type DirectoryRight = 'read-people' | 'manage-people' | 'manage-own-tokens' | 'manage-tokens'

const studio =
  (action: StudioRight) =>
  (caller: Caller): Intention => ({ action, resource: studioResource(caller) })
const directory =
  (action: DirectoryRight) =>
  ({ principal: { tenantId } }: Caller): Intention => ({ action, resource: { kind: 'directory', tenantId } })
const budget =
  (action: 'read-budget' | 'set-budget') =>
  ({ principal: { tenantId } }: Caller, project?: ProjectId): Intention => ({
    action,
    resource: {
      kind: 'budget',
      tenantId,
      level: project === undefined ? 'tenant' : 'project',
      subject: project ?? tenantId,
    },
  })
const project =
  (action: Exclude<ProjectRight, 'read-budget' | 'set-budget'>) =>
  (caller: Caller, projectId: ProjectId): Intention => ({
    action,
    resource: projectResource(caller, projectId),
  })

const inTenant: Readonly<Record<TenantRight, (caller: Caller) => Intention>> = {
  'read-policies': studio('read-policies'),
  'simulate-policies': studio('simulate-policies'),
  'draft-policy': studio('draft-policy'),
  'decide-policy': (caller) => deciding(caller, 'decide-policy', { verdict: 'approved' }),
  'read-people': directory('read-people'),
  'manage-people': directory('manage-people'),
  'manage-own-tokens': directory('manage-own-tokens'),
  'manage-tokens': directory('manage-tokens'),
  'read-audit': ({ principal: { tenantId } }) => ({
    action: 'read-audit',
    resource: { kind: 'audit-log', tenantId },
  }),
  'read-budget': budget('read-budget'),
  'set-budget': budget('set-budget'),
  'read-studio': studio('read-studio'),
  'read-operations': studio('read-operations'),
  'set-model-weights': studio('set-model-weights'),
  'draft-workflow': studio('draft-workflow'),
  'decide-workflow': (caller) => deciding(caller, 'decide-workflow', { verdict: 'approved' }),
  'create-project': studio('create-project'),
}

const inProject: Readonly<Record<ProjectRight, (caller: Caller, projectId: ProjectId) => Intention>> = {
  'submit-work-item': project('submit-work-item'),
  'use-models': project('use-models'),
  'read-budget': budget('read-budget'),
  'set-budget': budget('set-budget'),
  'read-studio': project('read-studio'),
  'accept-tool': project('accept-tool'),
  'change-project': project('change-project'),
}
