import type { Caller } from '../../contracts/index.ts'
import { findNeighbours, findRecords } from '../../governance/audit/index.ts'
import type {
  AuditFilters,
  AuditPage,
  ChainReport,
  PlacedRecord,
  TenantScope,
} from '../../governance/audit/index.ts'
import type { Access } from './access.ts'
import type { StudioServices } from './studio-services.ts'

/** How far a check of the chain has come, and at the end what it found. */
export type ChainCheck =
  | { readonly kind: 'progress'; readonly read: number; readonly total: number }
  | ({ readonly kind: 'report' } & ChainReport)

const neighbours = 10

type Parts = Pick<StudioServices, 'database' | 'audit'>

/** The audit log, for those who answer for what happened. */
export class AuditService {
  readonly #services: Parts
  readonly #access: Access

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  /** Newest first. @throws ATL_DOOR_DENIED */
  async list(
    caller: Caller,
    filters: AuditFilters,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<AuditPage> {
    const scope = await this.#mayRead(caller)
    return this.#services.database.transaction(scope, (tx) => findRecords(tx, scope.tenantId, filters, page))
  }

  /** One record with those right before and after it. @throws ATL_AUDIT_UNKNOWN_RECORD, ATL_DOOR_DENIED */
  async get(
    caller: Caller,
    seq: number,
  ): Promise<{
    readonly record: PlacedRecord
    readonly before: readonly PlacedRecord[]
    readonly after: readonly PlacedRecord[]
  }> {
    const scope = await this.#mayRead(caller)
    return this.#services.database.transaction(scope, (tx) =>
      findNeighbours(tx, scope.tenantId, seq, neighbours),
    )
  }

  /** Checks the whole chain, and says how far it has come. @throws ATL_DOOR_DENIED */
  async *check(caller: Caller): AsyncGenerator<ChainCheck, void, undefined> {
    const scope = await this.#recordReading(caller, { check: true })
    let latest: ChainCheck | undefined
    let wake: () => void = () => undefined
    let report: ChainReport | undefined
    const checking = this.#services.audit
      .verify(scope, (read, total) => {
        latest = { kind: 'progress', read, total }
        wake()
      })
      .then((found) => {
        report = found
      })
    while (report === undefined) {
      const progress = new Promise<void>((resolve) => {
        wake = resolve
      })
      await Promise.race([checking, progress])
      const said = latest
      latest = undefined
      if (said !== undefined) yield said
    }
    yield { kind: 'report', ...report }
  }

  /** The log as lines of JSON that can be verified elsewhere; the first says where the chain ends, and its signatures. */
  async *export(caller: Caller): AsyncGenerator<string, void, undefined> {
    yield* this.#services.audit.exportLines(await this.#recordReading(caller, { export: true }))
  }

  #mayRead(caller: Caller): Promise<TenantScope> {
    return this.#access.assertReading(caller, readsAudit(caller))
  }

  async #recordReading(caller: Caller, detail: Readonly<Record<string, unknown>>): Promise<TenantScope> {
    const scope = await this.#mayRead(caller)
    await this.#access.record(caller, readsAudit(caller), null, detail)
    return scope
  }
}

function readsAudit({ principal: { tenantId } }: Caller) {
  return { action: 'read-audit', resource: { kind: 'audit-log', tenantId } } as const
}
