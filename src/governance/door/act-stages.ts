import type { Cost, EffectClass, Principal, Tool } from '../../contracts/index.ts'
import type { AtelierError, Digest } from '../../kernel/index.ts'
import type { Judgement, ParsedInput } from './judgement.ts'
import type { ActRequest } from './request.ts'

/** Which act it is, whatever comes of it. */
export interface ActIdentity {
  readonly request: ActRequest
  readonly tool: string
  readonly effect: EffectClass
  readonly inputDigest: Digest
  readonly traceId: string
}

/** JSON as it is stored: canonical, without secrets. */
export interface KeptContent {
  readonly text: string
  readonly digest: Digest
  /** Rules that found secrets. */
  readonly redactions: readonly string[]
}

/** An act that wants in. */
export interface AskedAct {
  readonly identity: ActIdentity
  readonly tool: Tool
  readonly input: ParsedInput<unknown>
  /** The input as it is stored. */
  readonly kept: KeptContent
}

interface Attempt {
  readonly attempt: number
  readonly judgement: Judgement
  /** Undefined when nothing may be performed, see `refusal`. */
  readonly reserved: Cost | undefined
  /** An earlier attempt of an external effect may have succeeded without anybody knowing: look before leaping. */
  readonly look: boolean
  /** Why it may not be performed. An attempt that may look begins all the same. */
  readonly refusal: AtelierError | undefined
}

/** What is to be recorded of an act that was judged. */
export interface JudgedAct extends AskedAct, Attempt {}

/** An attempt that has begun: it is recorded, and what it may use at most is reserved. */
export interface Admitted extends Attempt {
  readonly kind: 'admitted'
  readonly actor: Principal
}

/** An attempt that has come to its end, and what is to be recorded of that. */
export interface EndedAct {
  readonly identity: ActIdentity
  readonly admitted: Admitted
  /** What the caller gets too, now and when it is asked for again; undefined for a failure. */
  readonly output: KeptContent | undefined
  readonly error: AtelierError | undefined
  readonly used: Cost
  readonly recovered: boolean
  /** The tool did not say that it may fail like this. */
  readonly undeclared: boolean
}
