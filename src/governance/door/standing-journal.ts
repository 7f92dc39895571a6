import { setTimeout as delay } from 'node:timers/promises'
import type { Cost } from '../../contracts/index.ts'
import type { TenantId } from '../../kernel/index.ts'
import { AtelierError, createId, reportError } from '../../kernel/index.ts'
import type { Pipeline } from '../../store/index.ts'
import { tenantScope } from '../audit/index.ts'
import { leaseKey, noCost } from '../budget/index.ts'
import { keepActs } from './act-keeping.ts'
import type { GrantedStanding } from './act-keeping.ts'
import { doorkeeper } from './admission.ts'
import { judge, readRegistered } from './judgement.ts'
import type { Judgement } from './judgement.ts'
import type { DoorServices } from './services.ts'
import { add } from './standing.ts'
import type { Standing, StandingAct } from './standing.ts'

/** How long a standing admission holds after it was last looked at, in milliseconds. */
export const termMs = 1000
/** What ends within this time is recorded together, in milliseconds. */
const gatherMs = 50
const mostActs = 100
/** Attempts at what another attempt may do, over a minute at least where the database is away. */
const mostAttempts = 6

/**
 * Writes for one tenant, one transaction after the other, what was done under its standing admissions, and renews these
 * in the same transaction: who asks, for whom, and whether policies still allow it, and how much is held.
 */
export class StandingJournal {
  readonly #services: DoorServices
  readonly #tenantId: TenantId
  readonly #acts: StandingAct[] = []
  readonly #standings = new Set<Standing>()
  #writing: Promise<void> | undefined
  #hurry: () => void = () => undefined

  constructor(services: DoorServices, tenantId: TenantId) {
    this.#services = services
    this.#tenantId = tenantId
  }

  /** Acts that are not recorded yet. */
  get waiting(): number {
    return this.#acts.length
  }

  record(act: StandingAct): void {
    this.#acts.push(act)
    this.#write()
  }

  /** Grants a standing admission, renews it, or gives back what an ended one holds. */
  renew(standing: Standing): void {
    this.#standings.add(standing)
    this.#write()
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) {
      this.#hurry()
      await this.#writing
    }
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#acts.length > 0 || this.#standings.size > 0) {
      if (this.#acts.length < mostActs) await this.#gather()
      const acts = this.#acts.splice(0, mostActs)
      const standings = new Set([...this.#standings, ...acts.map(({ standing }) => standing)])
      this.#standings.clear()
      await this.#keep(acts, [...standings])
    }
  }

  async #gather(): Promise<void> {
    const patience = new AbortController()
    this.#hurry = () => patience.abort()
    await delay(gatherMs, undefined, { signal: patience.signal }).catch(() => undefined)
  }

  /** Never fails: what cannot be recorded, alone and in several attempts, is charged and said to the log. */
  async #keep(acts: readonly StandingAct[], standings: readonly Standing[]): Promise<void> {
    const next = new Map(standings.map((standing) => [standing, leaseKey(createId('lease'))]))
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#transact(acts, next)
        return
      } catch (error) {
        const mayHelp = error instanceof AtelierError && error.retryable
        if (mayHelp && attempt < mostAttempts) {
          await delay(100 * 2 ** attempt)
          continue
        }
        if (!mayHelp && acts.length > 1) {
          for (const act of acts) await this.#keep([act], [act.standing])
          return
        }
        this.#giveUp(acts, standings, error)
        return
      }
    }
  }

  #giveUp(acts: readonly StandingAct[], standings: readonly Standing[], error: unknown): void {
    for (const standing of standings) standing.end()
    const { code, message } = reportError(error)
    for (const { identity, standing, charged } of acts) {
      standing.lose(charged)
      const fields = { code, error: message, actKey: identity.request.key, runId: identity.request.runId }
      identity.request.logger.log('error', fields, 'an act could not be recorded; it is charged without')
    }
  }

  async #transact(acts: readonly StandingAct[], next: ReadonlyMap<Standing, string>): Promise<void> {
    const standings = [...next.keys()]
    const scope = tenantScope(this.#tenantId, doorkeeper)
    const renewedAt = performance.now()
    const drawn = new Map<Standing, Cost>()
    for (const { standing, charged } of acts) drawn.set(standing, add(drawn.get(standing) ?? noCost, charged))
    const lost = new Map(standings.map((standing) => [standing, standing.lost]))
    const judgements = new Map<Standing, Judgement>()
    const given = await this.#services.database.pipelined(scope, async (pipeline) => {
      const granted = await this.#judgeAll(pipeline, standings, judgements)
      const leases = standings.map((standing) =>
        standing.leaseRow(next.get(standing) ?? '', drawn.get(standing) ?? noCost),
      )
      return { underWay: keepActs(this.#services, pipeline.send, { leases, acts, granted }) }
    })
    for (const standing of standings) {
      const key = next.get(standing) ?? ''
      const amounts = given.get(key)
      const lease = amounts === undefined ? undefined : { key, amounts }
      standing.judgement = judgements.get(standing) ?? standing.judgement
      standing.renewed(lease, drawn.get(standing) ?? noCost, lost.get(standing) ?? noCost, renewedAt + termMs)
    }
  }

  /** Ends standing admissions that would not be granted now, and answers those of which a decision is to be recorded. */
  async #judgeAll(
    pipeline: Pipeline,
    standings: readonly Standing[],
    judgements: Map<Standing, Judgement>,
  ): Promise<readonly GrantedStanding[]> {
    const { send } = pipeline
    const standing = standings.filter(({ ended }) => !ended)
    if (standing.length === 0) return []
    const requests = standing.map(({ request }) => request)
    const registered = await readRegistered({ send }, this.#tenantId, requests)
    const granted: GrantedStanding[] = []
    for (const each of standing) {
      const { tool, request } = each
      const nothing = { ok: true, value: undefined } as const
      const judgement = await judge(this.#services, pipeline, registered, tool, request, nothing)
      judgements.set(each, judgement)
      if (judgement.refusal !== undefined) each.end()
      else if (judgement.decided?.answer.input !== each.judgement?.decided?.answer.input)
        granted.push({ standing: each, judgement })
    }
    return granted
  }
}
