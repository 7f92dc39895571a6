import type { Tool } from '../../contracts/index.ts'
import type { Agent } from '../../control/agents/index.ts'
import type { ModelGateway } from '../../control/models/index.ts'
import type { Workflows } from '../../control/workflows/index.ts'
import type { Engine, TenantScope } from '../../engine/index.ts'
import type { Credentials, People } from '../../governance/directory/index.ts'
import type { Tenants } from '../../governance/tenants/index.ts'
import type {
  Administration,
  Approvals,
  AuditLog,
  Door,
  Ledger,
  Limits,
  OwnPolicies,
  PolicyEngine,
} from '../../governance/index.ts'
import type { Clock, Logger, RunId, TenantId } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'
import type { CodePlace, CodeServices } from '../code-queries.ts'
import type { RoutingQueryServices } from '../routing-queries.ts'
import type { AuditReport } from '../studio.ts'
import type { SignInRouteServices } from '../sign-in/index.ts'
import type { ToolServerServices } from '../tool-servers.ts'

/** What was found out about one thing that the studio needs. */
export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly remedy: string | undefined
}

/** Repositories as far as clients look into them. */
interface Repositories {
  /** The same text for every way to write where a repository is; a place where there is none is taken as it is written. */
  identify(location: string): Promise<string>
  /** A file of a tree that was imported or made; null where there is no ordinary file. Links are not followed. */
  readFile(
    place: { readonly tenantId: TenantId; readonly location: string },
    tree: string,
    path: string,
  ): Promise<Buffer | null>
}

/** What the services for clients stand on. */
export interface CoreServices {
  readonly database: Database
  readonly engine: Engine
  readonly administration: Administration
  readonly approvals: Approvals
  readonly door: Door
  readonly ledger: Ledger
  readonly policy: PolicyEngine
  readonly clock: Clock
  readonly ownPolicies: OwnPolicies
  readonly audit: AuditLog
  /** What runs of each kind of work start with. */
  readonly workflows: Workflows
  readonly agents: ReadonlyMap<string, Agent>
  readonly tools: ReadonlyMap<string, Tool>
  readonly models: Pick<
    ModelGateway,
    'overview' | 'setWeightsIn' | 'exchange' | 'embed' | 'models' | 'countTokens'
  >
  readonly routing: Pick<RoutingQueryServices, 'policy' | 'unavailable' | 'view'>
  readonly mcp: ToolServerServices['mcp']
  /** What questions about code are answered from. */
  readonly code: Pick<CodeServices, 'indexer' | 'background'> & {
    /** Brings a tenant's copy of a repository up to date. */
    openSource(tenantId: TenantId, place: CodePlace): ReturnType<CodeServices['openSource']>
  }
  /** Folder with the tests of the shipped policies. */
  readonly policyTests: string
  /** The most one run may use. */
  readonly runLimits: Limits
  /** The most that one person or service may use of models on one day in one project, where nobody has set it for them. */
  readonly modelUseLimits: Limits
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
  readonly repositories: Repositories
  /** What the studio needs of its machine. */
  checkHost(): Promise<readonly HealthCheck[]>
  exportEvidence(scope: TenantScope, runId: RunId): Promise<unknown>
  verifyRecords(scope: TenantScope): Promise<AuditReport>
  /** Ends what this process keeps warm for a run. */
  releaseRun(run: { readonly tenantId: TenantId; readonly runId: RunId }): Promise<void>
}

/** All that stands below the API. */
export interface StudioServices extends CoreServices {
  /** Stops what belongs to this process. */
  close(): Promise<void>
}
