import type { ModelClient } from '../../contracts/index.ts'
import type { Agent } from '../../control/agents/index.ts'
import type { ModelAccess } from '../../control/models/index.ts'
import type { CodingAgentPlaces } from '../../execution/coding-agents/index.ts'
import type { ToolRegistry } from '../../execution/tools/index.ts'
import type { Approvals } from '../../governance/approvals/index.ts'
import type { Ledger } from '../../governance/budget/index.ts'
import type { Door } from '../../governance/door/index.ts'
import type { PolicyEngine } from '../../governance/policy/index.ts'
import type { Clock, Logger } from '../../kernel/index.ts'
import type { Database } from '../../store/index.ts'

/** What the steps of workflows are performed with. */
export interface DeliveryServices {
  readonly database: Database
  readonly door: Door
  readonly approvals: Approvals
  readonly policy: PolicyEngine
  readonly tools: ToolRegistry
  readonly agents: ReadonlyMap<string, Agent>
  readonly models: { client(access: ModelAccess): ModelClient }
  readonly codingAgents: CodingAgentPlaces
  readonly ledger: Ledger
  readonly isolation: 'namespaces' | 'none'
  readonly clock: Clock
  readonly logger: Logger
}
