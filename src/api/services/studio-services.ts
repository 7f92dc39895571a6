import type { WorkKind } from '../../contracts/index.ts'
import type { Engine, TenantScope } from '../../engine/index.ts'
import type { AuditLog } from '../../governance/audit/index.ts'
import type { Administration, Approvals, Ledger, Limits, PolicyEngine } from '../../governance/index.ts'
import type { Credentials, People } from '../../governance/directory/index.ts'
import type { Tenants } from '../../governance/tenants/index.ts'
import type { Clock, Logger, RunId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { CodeServices } from '../code-queries.ts'
import type { RoutingQueryServices } from '../routing-queries.ts'
import type { AuditReport } from '../studio.ts'
import type { SignInRouteServices } from '../sign-in/index.ts'
import type { ToolServerServices } from '../tool-servers.ts'

/** What the services for clients stand on. */
export interface CoreServices {
  readonly database: Database
  readonly engine: Engine
  readonly administration: Administration
  readonly approvals: Approvals
  readonly ledger: Ledger
  readonly policy: PolicyEngine
  readonly clock: Clock
  /** Source of the workflow for each kind of work. */
  readonly workflows: Readonly<Record<WorkKind, unknown>>
  /** The most one run may use. */
  readonly runLimits: Limits
  /** The sample repository with its issue, made on this machine where it is not there yet. */
  prepareSample(): Promise<{
    readonly location: string
    readonly issue: { readonly title: string; readonly body: string }
  }>
  readonly identity: SignInRouteServices & {
    readonly people: People
    readonly credentials: Credentials
    readonly tenants: Tenants
  }
  readonly logger: Logger
  exportEvidence(scope: TenantScope, runId: RunId): Promise<unknown>
  verifyRecords(scope: TenantScope): Promise<AuditReport>
}

/** All that stands below the API. */
export interface StudioServices extends CoreServices {
  readonly openSource: CodeServices['openSource']
  readonly indexer: CodeServices['indexer']
  readonly background: CodeServices['background']
  readonly routing: Pick<RoutingQueryServices, 'policy' | 'unavailable' | 'view'>
  readonly mcp: ToolServerServices['mcp']
  readonly audit: AuditLog
  /** Stops what belongs to this process. */
  close(): Promise<void>
}
