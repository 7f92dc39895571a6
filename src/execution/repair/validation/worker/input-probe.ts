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

const crash =
  /Cannot (?:read|set|convert|destructure|access|create)|is not (?:a function|a constructor|iterable|defined|an object)|Maximum call stack|Invalid (?:array length|time value|regular expression)|Reduce of empty array|must not be|step budget/

/** Exchanges one input of a test and keeps what the test sees from then on. */
export class InputProbe implements Probe {
  picked = 0
  /** Called with each slot whose input is used. */
  onInput: (slot: number) => void = () => undefined
  #slot = -1
  #alternative = 0
  #hash = createHash('sha1')
  #crashed = false

  /** Begins anew: the input of `slot` is exchanged for the given alternative; 0 leaves it. */
  begin(slot: number, alternative: number): void {
    this.#slot = slot
    this.#alternative = alternative
    this.#hash = createHash('sha1')
    this.#crashed = false
  }

  end(): Sight {
    return { digest: this.#hash.digest('base64').slice(0, 16), crashed: this.#crashed }
  }

  input(slot: number): number {
    this.onInput(slot)
    this.picked = slot === this.#slot ? this.#alternative : 0
    return this.picked
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

function shown(value: unknown): string {
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
