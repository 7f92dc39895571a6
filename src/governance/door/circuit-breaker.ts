import type { Clock } from '../../kernel/index.ts'
import { doorErrors } from './errors.ts'

export interface CircuitBreakerOptions {
  /** Failures in a row after which the circuit opens. */
  readonly failures: number
  /** How long it stays open before one call may try again. */
  readonly restMs: number
}

export const defaultCircuitBreaker: CircuitBreakerOptions = { failures: 5, restMs: 30_000 }

/** What one call tells its circuit. */
export interface CircuitCall {
  /** @throws ATL_DOOR_CIRCUIT_OPEN */
  enter(): void
  succeeded(): void
  failed(): void
  /** The call ended without telling anything about what was called. */
  ended(): void
}

/** The circuit of what has circuits of its own. */
export const alwaysClosed: CircuitCall = {
  enter: () => undefined,
  succeeded: () => undefined,
  failed: () => undefined,
  ended: () => undefined,
}

interface Circuit {
  readonly failures: number
  readonly openUntil: number
  readonly probing: boolean
}

/**
 * Stops calling what keeps failing: after several failures in a row calls are refused for a while, then a single one
 * may try whether it works again. Circuits are separate by name, so one tenant's trouble is not another's.
 */
export class CircuitBreaker {
  readonly #clock: Clock
  readonly #options: CircuitBreakerOptions
  readonly #circuits = new Map<string, Circuit>()

  constructor(clock: Clock, options: CircuitBreakerOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Names of circuits that are open, and for how many milliseconds before one call may try again. */
  open(): ReadonlyMap<string, number> {
    const now = this.#clock.now()
    const tired = [...this.#circuits].filter(([, { failures }]) => failures >= this.#options.failures)
    return new Map(tired.map(([name, { openUntil }]) => [name, Math.max(0, openUntil - now)]))
  }

  circuit(name: string): CircuitCall {
    return {
      enter: () => this.#enter(name),
      succeeded: () => void this.#circuits.delete(name),
      failed: () => {
        const failures = (this.#circuits.get(name)?.failures ?? 0) + 1
        const openUntil = this.#clock.now() + this.#options.restMs
        this.#circuits.set(name, { failures, openUntil, probing: false })
      },
      ended: () => {
        const circuit = this.#circuits.get(name)
        if (circuit !== undefined) this.#circuits.set(name, { ...circuit, probing: false })
      },
    }
  }

  #enter(name: string): void {
    const circuit = this.#circuits.get(name)
    if (circuit === undefined || circuit.failures < this.#options.failures) return
    const waitMs = circuit.openUntil - this.#clock.now()
    if (waitMs > 0 || circuit.probing) {
      throw doorErrors.CIRCUIT_OPEN({ detail: name, details: { retryAfterMs: Math.max(waitMs, 0) } })
    }
    this.#circuits.set(name, { ...circuit, probing: true })
  }
}
