import type { Cost, Tool } from '../../contracts/index.ts'
import type { RunId, TenantId } from '../../kernel/index.ts'
import { noCost } from '../budget/index.ts'
import type { Judgement } from './judgement.ts'
import type { ActRequest } from './request.ts'
import type { DoorServices } from './services.ts'
import { Standing } from './standing.ts'
import type { StandingAct } from './standing.ts'
import { StandingJournal, termMs } from './standing-journal.ts'

/** An act that was let in by a standing admission. */
export interface Entered {
  readonly judgement: Judgement
  readonly reserved: Cost
  /** To be called when the act has ended. */
  readonly leave: (ended: Omit<StandingAct, 'standing' | 'charged' | 'overrun'>) => void
  /** To be called instead when it was none. */
  readonly withdraw: () => void
}

/** Acts that wait for being recorded, of one tenant; beyond that every act is recorded before it is answered. */
const mostWaiting = 1000

/**
 * The standing admissions of a process; see docs/adr/0009-standing-admissions.md. One is granted to whoever comes again
 * within its term, and given back when nobody does.
 */
export class Standings {
  readonly #services: DoorServices
  readonly #standings = new Map<string, Standing>()
  readonly #journals = new Map<TenantId, StandingJournal>()
  /** When somebody last came without an admission, or was refused one. */
  readonly #seen = new Map<string, number>()
  #sweeping: NodeJS.Timeout | undefined

  constructor(services: DoorServices) {
    this.#services = services
  }

  /** Undefined when the act has to be admitted by itself. */
  enter(tool: Tool, request: ActRequest): Entered | undefined {
    if (!mayStand(tool, request)) return undefined
    const now = performance.now()
    const name = nameOf(tool, request)
    const journal = this.#journalOf(request.tenantId)
    const standing = this.#standings.get(name)
    const { worstCase } = tool
    if (standing === undefined) {
      this.#ask(name, tool, request, now)
      return undefined
    }
    const { judgement } = standing
    if (judgement === undefined || journal.waiting >= mostWaiting || !standing.take(worstCase, now))
      return undefined
    return {
      judgement,
      reserved: worstCase,
      leave: (ended) => {
        const charge = standing.used(worstCase, ended.used)
        journal.record({ ...ended, ...charge, standing })
      },
      withdraw: () => void standing.used(worstCase, noCost),
    }
  }

  /** Gives back what is held and not used, of one run or of all, and says whether that was anything. */
  async giveBack(tenantId: TenantId, runId?: RunId): Promise<boolean> {
    const mine = [...this.#standings].filter(
      ([, { request }]) => request.tenantId === tenantId && (runId === undefined || request.runId === runId),
    )
    for (const [name, standing] of mine) this.#end(name, standing)
    await this.#journals.get(tenantId)?.settled()
    return mine.length > 0
  }

  /** Gives everything back, and resolves when all that was done is recorded. */
  async settled(): Promise<void> {
    await Promise.all([...this.#journals.keys()].map((tenantId) => this.giveBack(tenantId)))
  }

  #ask(name: string, tool: Tool, request: ActRequest, now: number): void {
    const before = this.#seen.get(name)
    this.#seen.set(name, now)
    this.#sweeping ??= setInterval(() => this.#sweep(), termMs / 4).unref()
    if (before === undefined || now - before >= termMs) return
    const standing = new Standing(tool, request)
    this.#standings.set(name, standing)
    this.#journalOf(request.tenantId).renew(standing)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [name, at] of this.#seen) if (now - at >= termMs) this.#seen.delete(name)
    for (const [name, standing] of this.#standings) {
      if (standing.isStale(now)) this.#end(name, standing)
      else if (standing.ended) this.#standings.delete(name)
    }
    if (this.#seen.size + this.#standings.size > 0) return
    clearInterval(this.#sweeping)
    this.#sweeping = undefined
  }

  #end(name: string, standing: Standing): void {
    standing.end()
    this.#standings.delete(name)
    this.#journalOf(standing.request.tenantId).renew(standing)
  }

  #journalOf(tenantId: TenantId): StandingJournal {
    const held = this.#journals.get(tenantId)
    if (held !== undefined) return held
    const journal = new StandingJournal(this.#services, tenantId)
    this.#journals.set(tenantId, journal)
    return journal
  }
}

/** Only what leaves nothing in the world, is asked for once, and is judged by what does not differ from act to act. */
function mayStand(tool: Tool, { unrepeatable, approval }: ActRequest): boolean {
  return (
    unrepeatable === true &&
    approval === undefined &&
    tool.effect === 'read' &&
    tool.precondition === undefined
  )
}

/** The same for acts of which policies are asked the same question. */
function nameOf({ name, permissions }: Tool, request: ActRequest): string {
  const { tenantId, projectId, runId, stepId, principal, context, grants } = request
  const { id, onBehalfOf } = principal
  const act = [
    tenantId,
    projectId,
    runId,
    stepId,
    id,
    onBehalfOf,
    name,
    permissions,
    context.isolation,
    grants,
  ]
  return JSON.stringify(act)
}
