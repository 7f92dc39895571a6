import { sql } from 'kysely'
import type { Clock, PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Principal } from '../../contracts/index.ts'
import type { Database, Scope, Tx } from '../../store/index.ts'
import type { McpServer } from './configuration.ts'
import { definitionDigest, type ToolDefinition } from './definition.ts'
import { mcpErrors } from './errors.ts'
import './tables.ts'

/**
 * `accepted`: it is what a person has accepted. `new`: nobody has accepted it. `changed`: it is quarantined until a person
 * accepts what it has become. `gone`: the server offers it no more.
 */
type ToolState = 'accepted' | 'new' | 'changed' | 'gone'

/** A tool as the server offered it last, and as it was accepted. */
export interface PinnedTool {
  readonly server: string
  readonly tool: string
  readonly state: ToolState
  readonly seen: { readonly digest: string; readonly definition: ToolDefinition } | null
  readonly accepted: {
    readonly digest: string
    readonly definition: ToolDefinition
    readonly by: string
    readonly at: Date
  } | null
}

/** Whose tools, and who asks. */
export interface PinScope {
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
}

/** What was offered by MCP servers, and what people have accepted of it. */
export class ToolPins {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** The tools of a server by name. */
  async list(scope: PinScope, server: string): Promise<ReadonlyMap<string, PinnedTool>> {
    const rows = await this.#database.transaction(tenantScope(scope), (tx) =>
      tx.selectFrom('mcp_tools').selectAll().where('server', '=', server).orderBy('tool').execute(),
    )
    return new Map(
      rows.map((row) => {
        const seen = pair(row.seen_digest, row.seen_definition)
        const kept = pair(row.accepted_digest, row.accepted_definition)
        const accepted =
          kept === null || row.principal_id === null || row.accepted_at === null
            ? null
            : { ...kept, by: row.principal_id, at: row.accepted_at }
        return [row.tool, { server, tool: row.tool, seen, accepted, state: stateOf(seen, accepted) }]
      }),
    )
  }

  /** Records what a server offers now. What it offers no more is gone, and what nobody accepted then forgotten. */
  async observe(scope: PinScope, server: McpServer, definitions: readonly ToolDefinition[]): Promise<void> {
    const now = new Date(this.#clock.now())
    await this.#database.transaction(tenantScope(scope), async (tx) => {
      for (const definition of definitions) {
        const seen = {
          seen_digest: definitionDigest(server, definition),
          seen_definition: JSON.stringify(definition),
          seen_at: now,
        }
        await tx
          .insertInto('mcp_tools')
          .values({ tenant_id: scope.tenantId, server: server.name, tool: definition.name, ...seen })
          .onConflict((conflict) => conflict.columns(['tenant_id', 'server', 'tool']).doUpdateSet(seen))
          .execute()
      }
      const offered = definitions.map(({ name }) => name)
      const others = tx
        .updateTable('mcp_tools')
        .set({ seen_digest: null, seen_definition: null, seen_at: now })
      const gone = others.where('server', '=', server.name).where('seen_digest', 'is not', null)
      await (offered.length === 0 ? gone : gone.where('tool', 'not in', offered)).execute()
      await tx
        .deleteFrom('mcp_tools')
        .where('server', '=', server.name)
        .where('seen_digest', 'is', null)
        .where('accepted_digest', 'is', null)
        .execute()
    })
  }

  /**
   * Accepts the definition of a tool that a person has looked at, in place of what was accepted before.
   *
   * @throws ATL_MCP_ONLY_PEOPLE, ATL_MCP_NOT_SEEN when it is not what the server offered last
   */
  async accept(
    tx: Tx,
    { server, tool, digest }: { readonly server: string; readonly tool: string; readonly digest: string },
    by: Principal,
  ): Promise<void> {
    if (by.kind !== 'person') throw mcpErrors.ONLY_PEOPLE({ detail: by.id })
    const now = new Date(this.#clock.now())
    const accepted = await tx
      .updateTable('mcp_tools')
      .set((expression) => ({
        accepted_digest: expression.ref('seen_digest'),
        accepted_definition: sql<string>`seen_definition`,
        principal_id: by.id,
        accepted_at: now,
      }))
      .where('server', '=', server)
      .where('tool', '=', tool)
      .where('seen_digest', '=', digest)
      .returning('tool')
      .executeTakeFirst()
    if (accepted === undefined) throw mcpErrors.NOT_SEEN({ detail: `${server}.${tool} ${digest}` })
  }
}

function pair(
  digest: string | null,
  definition: ToolDefinition | null,
): { readonly digest: string; readonly definition: ToolDefinition } | null {
  return digest === null || definition === null ? null : { digest, definition }
}

function stateOf(seen: PinnedTool['seen'], accepted: { readonly digest: string } | null): ToolState {
  if (seen === null) return 'gone'
  if (accepted === null) return 'new'
  return accepted.digest === seen.digest ? 'accepted' : 'changed'
}

function tenantScope({ tenantId, principalId }: PinScope): Scope {
  return { kind: 'tenant', tenantId, principalId }
}
