import type { AccessLimits } from '../access.ts'
import { LeastRecent } from '../../../kernel/index.ts'
import type { UpstreamDefinition } from '../catalogue/schema.ts'
import type { Time } from './time.ts'
import { Turnstile } from './turnstile.ts'

/** More keys than one process serves at the same time. */
const rememberedKeys = 10_000

/** The turnstiles of all upstreams and keys of this process; a changed limit means a new one. */
export class Turnstiles {
  readonly #time: Time
  readonly #upstreams = new Map<string, { definition: UpstreamDefinition; turnstile: Turnstile }>()
  readonly #keys = new LeastRecent<string, Turnstile>(rememberedKeys)

  constructor(time: Time) {
    this.#time = time
  }

  ofUpstream(definition: UpstreamDefinition): Turnstile {
    const held = this.#upstreams.get(definition.id)
    if (held?.definition === definition) return held.turnstile
    const turnstile = new Turnstile(definition.limits ?? {}, this.#time)
    this.#upstreams.set(definition.id, { definition, turnstile })
    return turnstile
  }

  ofKey(id: string, limits: AccessLimits): Turnstile {
    const name = JSON.stringify([id, limits])
    const held = this.#keys.get(name)
    if (held !== undefined) return held
    const turnstile = new Turnstile(limits, this.#time)
    this.#keys.set(name, turnstile)
    return turnstile
  }
}
