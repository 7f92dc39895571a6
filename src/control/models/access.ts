import type { Principal } from '../../contracts/index.ts'
import type { ProjectId, RunId, TenantId } from '../../kernel/index.ts'
import type { Deployment } from './catalogue/schema.ts'

/** Limits of one key, in each process of the studio. */
export interface AccessLimits {
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  /** Calls under way at the same time; further ones wait for their turn. */
  readonly concurrent?: number
}

/** Who asks models, for which step, and which: what a task key stands for. */
export interface ModelAccess {
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly stepId: string
  readonly attempt: number
  readonly principal: Principal
  /** Ids of models and names of routes; `*` for all. */
  readonly models: readonly string[]
  /** Whose limits `limits` are; the run's step when absent. */
  readonly keyId?: string
  readonly limits?: AccessLimits
  /** Where what is asked may be processed; anywhere when absent. */
  readonly places?: Places
}

/** Constraints on where data may go. */
export interface Places {
  readonly deployments?: readonly Deployment[]
  readonly residencies?: readonly string[]
}
