import type { Cost, Tool } from '../../contracts/index.ts'
import { combineCosts, costUnits, fitsInto, noCost } from '../budget/index.ts'
import type { EndedAct, KeptContent } from './act-stages.ts'
import type { Judgement } from './judgement.ts'
import type { ActRequest } from './request.ts'

/** What a process holds of a budget without an act to use it yet. */
interface Lease {
  /** Of its reservation in the ledger. */
  readonly key: string
  readonly amounts: Cost
}

/** What an act is charged, and what it used beyond all that was held. */
interface Charge {
  readonly charged: Cost
  readonly overrun: Cost
}

/** An act that has ended under a standing admission, to be recorded from beginning to end. */
export interface StandingAct extends EndedAct, Charge {
  readonly standing: Standing
  readonly input: KeptContent
  readonly startedAt: Date
  readonly endedAt: Date
}

/** Room is asked for so many times what was needed lately. */
const headroom = 4

/**
 * An admission that stands for a short while: for one tool in one step, by one principal, as the policies have allowed and
 * as far as a lease of the budget reaches. Nothing is promised that was not reserved: what acts under way may use at most,
 * and what those that ended have used and are not charged for yet, never exceeds the lease.
 */
export class Standing {
  readonly tool: Tool
  /** Of the act that it was asked for; what acts have in common is what counts. */
  readonly request: ActRequest
  /** What was recorded when it was granted; undefined before. */
  judgement: Judgement | undefined
  lease: Lease | undefined
  #until = 0
  #ending = false
  #promised: Cost = noCost
  #peak: Cost = noCost
  #lost: Cost = noCost

  constructor(tool: Tool, request: ActRequest) {
    this.tool = tool
    this.request = request
  }

  /** Promises an act what it may use at most, if there is as much. */
  take(worstCase: Cost, now: number): boolean {
    if (this.#ending || this.lease === undefined || now >= this.#until) return false
    const promised = add(this.#promised, worstCase)
    if (!fitsInto(promised, this.lease.amounts)) return false
    this.#promised = promised
    this.#peak = combineCosts(this.#peak, promised, Math.max)
    return true
  }

  /** Takes back what an act has not used. Use beyond the promise is charged as far as the lease reaches. */
  used(worstCase: Cost, used: Cost): Charge {
    const others = subtract(this.#promised, worstCase)
    const room = subtract(this.lease?.amounts ?? worstCase, others)
    const charged = combineCosts(used, combineCosts(room, noCost, Math.max), Math.min)
    this.#promised = add(others, charged)
    return { charged, overrun: subtract(used, charged) }
  }

  /** What cannot be recorded with its act is charged without it. */
  lose(charged: Cost): void {
    this.#lost = add(this.#lost, charged)
  }

  get lost(): Cost {
    return this.#lost
  }

  /** From now on nobody is admitted. */
  end(): void {
    this.#ending = true
  }

  get ended(): boolean {
    return this.#ending
  }

  /** Nobody was admitted for some time, or nobody can be any more. */
  isStale(now: number): boolean {
    return this.lease !== undefined && (this.#ending || now >= this.#until)
  }

  /** What to ask the ledger for when `drawn` is charged, as `ledger_draw` takes it. */
  leaseRow(next: string, drawn: Cost) {
    const { projectId, runId, stepId } = this.request
    const left = this.#ending ? this.#promised : (this.lease?.amounts ?? noCost)
    const needed = subtract(subtract(left, drawn), this.#lost)
    const wanted = combineCosts(
      this.#peak,
      this.tool.worstCase,
      (peak, one) => headroom * Math.max(peak, one),
    )
    const isNeeded = !this.#ending || costUnits.some(({ unit }) => needed[unit] > 0)
    return {
      ...{ project_id: projectId, run_id: runId, step_id: stepId, held: this.lease?.key ?? null, next },
      lost: amounts(this.#lost),
      needed: amounts(needed),
      wanted: isNeeded ? amounts(this.#ending ? needed : wanted) : null,
      least: amounts(this.tool.worstCase),
    }
  }

  /** What became of {@link leaseRow}; an undefined lease means that nothing is held any more. */
  renewed(lease: Lease | undefined, drawn: Cost, lost: Cost, until: number): void {
    this.lease = lease
    this.#promised = subtract(subtract(this.#promised, drawn), lost)
    this.#lost = subtract(this.#lost, lost)
    this.#peak = this.#promised
    this.#until = until
    if (lease === undefined) this.#ending = true
  }
}

function amounts(cost: Cost): number[] {
  return costUnits.map(({ unit }) => cost[unit])
}

export function add(one: Cost, other: Cost): Cost {
  return combineCosts(one, other, (first, second) => first + second)
}

function subtract(one: Cost, other: Cost): Cost {
  return combineCosts(one, other, (first, second) => first - second)
}
