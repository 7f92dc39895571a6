import { createHash } from 'node:crypto'
import { inspect } from 'node:util'

import type { Probe } from '../probe-plan.ts'
import { StepsExhausted } from './gauge.ts'

/** What tests saw with one input exchanged. */
export interface Sight {
  /** Digest of everything they looked at, in order. */
  readonly digest: string
  /** Whether the program crashed: an error that no program throws on purpose. */
  readonly crashed: boolean
}

/** What is exchanged in one run: a literal of a test, or what a parameter is first called with. */
export type Exchanged =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'input'; readonly slot: number; readonly alternative: number }
  | { readonly kind: 'argument'; readonly parameter: string; readonly value: unknown }

const none: Exchanged = { kind: 'nothing' }

const crash =
  /Cannot (?:read|set|convert|destructure|access|create)|is not (?:a function|a constructor|iterable|defined|an object)|Maximum call stack|Invalid (?:array length|time value|regular expression)|Reduce of empty array|must not be|step budget/

/** Exchanges one input of a test and keeps what the test sees from then on. */
export class InputProbe implements Probe {
  picked = 0
  /** Called with each slot whose input is used. */
  onInput: (slot: number) => void = () => undefined
  /** Called with each parameter and its value. */
  onArgument: (parameter: string, value: unknown) => void = () => undefined
  #exchange: Exchanged = none
  #hash = createHash('sha1')
  #crashed = false

  /** Begins anew, with one value exchanged. */
  begin(exchange: Exchanged = none): void {
    this.#exchange = exchange
    this.#hash = createHash('sha1')
    this.#crashed = false
  }

  end(): Sight {
    return { digest: this.#hash.digest('base64').slice(0, 16), crashed: this.#crashed }
  }

  input(slot: number): number {
    this.onInput(slot)
    const exchange = this.#exchange
    this.picked = exchange.kind === 'input' && exchange.slot === slot ? exchange.alternative : 0
    return this.picked
  }

  /** Only the first call gets another value: what a function calls itself with follows from that. */
  argument<T>(parameter: string, value: T): T {
    this.onArgument(parameter, value)
    const exchange = this.#exchange
    if (exchange.kind !== 'argument' || exchange.parameter !== parameter) return value
    this.#exchange = none
    return copyOf(exchange.value) as T
  }

  see<T>(value: T): T {
    this.#hash.update(`\0=${shown(value)}`)
    return value
  }

  caught(error: unknown): void {
    if (error instanceof StepsExhausted) throw error
    const { name, message } = error instanceof Error ? error : { name: 'thrown', message: shown(error) }
    this.failed(`${name}: ${message}`)
  }

  /** Notes how a test failed. */
  failed(message: string): void {
    this.#crashed ||= crash.test(message)
    this.#hash.update(`\0!${message}`)
  }
}

/** A copy, so that no run changes the value of another; functions and the like are shared. */
export function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  try {
    return structuredClone(value)
  } catch {
    return value
  }
}

export function shown(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  try {
    return inspect(value, {
      depth: 5,
      customInspect: false,
      maxArrayLength: 100,
      maxStringLength: 4000,
      breakLength: Number.POSITIVE_INFINITY,
    })
  } catch {
    return 'something that cannot be shown'
  }
}
