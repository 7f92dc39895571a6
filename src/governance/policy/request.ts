import type { EffectClass, Principal, Role } from '../../contracts/index.ts'
import type { ProjectId, RunId, TenantId } from '../../kernel/index.ts'

/** The action that policies are asked about when a tool of an effect class is used. */
export const toolActions = {
  read: 'use-read-tool',
  workspace: 'use-workspace-tool',
  'external-reversible': 'cause-reversible-effect',
  'external-irreversible': 'cause-irreversible-effect',
} as const satisfies Record<EffectClass, string>

export type ToolAction = (typeof toolActions)[EffectClass]

/** How strongly what a tool works on is confined; `not-applicable` when it runs no code of a repository. */
export type Isolation = 'namespaces' | 'none' | 'not-applicable'

/** Facts about the use of a tool, established by the door. */
interface ToolUseContext {
  readonly tool: string
  readonly permissions: readonly string[]
  readonly isolation: Isolation
  readonly approved: boolean
  readonly repository: RepositoryFacts | undefined
}

export interface RepositoryFacts {
  readonly location: string
  /** A person vouched for it, see `identity/repository-trust.ts`. */
  readonly trusted: boolean
}

/** What policies see when a verified change could be published without asking anybody. */
export interface HandsOffContext {
  /** Kind of work, such as `lint-fix`. */
  readonly work: string
  /** Whether a person named the kind, rather than a text from outside. */
  readonly named: boolean
  /** Severity of the worst finding about the change; `none` when there is none. */
  readonly worstFinding: string
}

interface RunResource {
  readonly kind: 'run'
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly projectId: ProjectId
  /** Principal id of the person on whose mandate the run acts. */
  readonly requester: string
}

interface ProjectResource {
  readonly kind: 'project'
  readonly tenantId: TenantId
  readonly projectId: ProjectId
}

interface ApprovalResource {
  readonly kind: 'approval'
  readonly tenantId: TenantId
  readonly approvalId: string
  readonly runId: RunId
  readonly projectId: ProjectId
}

interface RepositoryResource extends RepositoryFacts {
  readonly kind: 'repository'
  readonly tenantId: TenantId
  /** In which it is read; roles in this project count then. */
  readonly projectId?: ProjectId
}

/** A file or folder of a repository. */
interface CodePathResource extends RepositoryFacts {
  readonly kind: 'code-path'
  readonly tenantId: TenantId
  /** In which it is read; roles in this project count then. */
  readonly projectId?: ProjectId
  /** From the repository's root, with slashes, without one at either end. */
  readonly path: string
}

interface AuditLogResource {
  readonly kind: 'audit-log'
  readonly tenantId: TenantId
}

interface BudgetResource {
  readonly kind: 'budget'
  readonly tenantId: TenantId
  readonly level: string
  readonly subject: string
}

/** What a tenant works with as a whole. */
interface StudioResource {
  readonly kind: 'studio'
  readonly tenantId: TenantId
}

/** The people, services and credentials of a tenant. */
interface DirectoryResource {
  readonly kind: 'directory'
  readonly tenantId: TenantId
}

/** The studio as a whole, which belongs to the tenant of whoever runs it. */
interface InstallationResource {
  readonly kind: 'installation'
  readonly tenantId: TenantId
}

/** What policies see when a role is given or taken. */
interface RoleContext {
  readonly role: Role
  /** Whether the actor gives it to themselves. */
  readonly self: boolean
  /** Whether the actor has it, there and now; an owner has every role. */
  readonly held: boolean
}

/** One question to the policies: who wants to do what to which resource in which context. Mirrors the Cedar schema. */
export type PolicyRequest = { readonly principal: Principal } & (
  | { readonly action: ToolAction; readonly resource: RunResource; readonly context: ToolUseContext }
  | {
      readonly action: 'submit-work-item' | 'use-models' | 'read-project' | 'accept-tool'
      readonly resource: ProjectResource
    }
  | {
      readonly action:
        | 'read-run'
        | 'cancel-run'
        | 'resume-run'
        | 'comment-on-run'
        | 'answer-question'
        | 'request-approval'
      readonly resource: RunResource
    }
  | { readonly action: 'go-hands-off'; readonly resource: RunResource; readonly context: HandsOffContext }
  | {
      readonly action: 'decide-approval'
      readonly resource: ApprovalResource
      readonly context: { readonly decision: string; readonly inLineage: boolean }
    }
  | { readonly action: 'trust-repository'; readonly resource: RepositoryResource }
  | { readonly action: 'read-code'; readonly resource: RepositoryResource | CodePathResource }
  | { readonly action: 'read-audit'; readonly resource: AuditLogResource }
  | { readonly action: 'read-budget' | 'set-budget'; readonly resource: BudgetResource }
  | { readonly action: 'read-studio'; readonly resource: StudioResource | ProjectResource }
  | { readonly action: StudioAction; readonly resource: StudioResource }
  | {
      readonly action: 'decide-policy' | 'decide-workflow'
      readonly resource: StudioResource
      readonly context: { readonly decision: string; readonly inLineage: boolean }
    }
  | { readonly action: 'change-project'; readonly resource: ProjectResource }
  | { readonly action: DirectoryAction; readonly resource: DirectoryResource }
  | {
      readonly action: 'give-role' | 'take-role'
      readonly resource: DirectoryResource | ProjectResource
      readonly context: RoleContext
    }
  | { readonly action: 'manage-tenants'; readonly resource: InstallationResource }
)

/** What is done to the studio as a whole and needs no further facts. */
type StudioAction =
  | 'read-operations'
  | 'set-model-weights'
  | 'read-policies'
  | 'simulate-policies'
  | 'draft-policy'
  | 'draft-workflow'
  | 'create-project'

type DirectoryAction = 'read-people' | 'manage-people' | 'manage-own-tokens' | 'manage-tokens'

/** The project whose roles count for a resource; undefined for what belongs to the tenant as a whole. */
export function projectOf(resource: PolicyRequest['resource']): ProjectId | undefined {
  switch (resource.kind) {
    case 'run':
    case 'project':
    case 'approval':
    case 'repository':
    case 'code-path':
      return resource.projectId
    case 'budget':
      return resource.level === 'project' ? (resource.subject as ProjectId) : undefined
    default:
      return undefined
  }
}

/** `kind:id`, as audit records and messages name a resource. */
export function nameResource(resource: PolicyRequest['resource']): string {
  switch (resource.kind) {
    case 'run':
      return `run:${resource.runId}`
    case 'project':
      return `project:${resource.projectId}`
    case 'approval':
      return `approval:${resource.approvalId}`
    case 'repository':
      return `repository:${resource.location}`
    case 'code-path':
      return `code-path:${resource.location}:${resource.path}`
    case 'audit-log':
      return `audit-log:${resource.tenantId}`
    case 'budget':
      return `budget:${resource.level}:${resource.subject}`
    case 'studio':
      return `studio:${resource.tenantId}`
    case 'directory':
    case 'installation':
      return `${resource.kind}:${resource.tenantId}`
  }
}
