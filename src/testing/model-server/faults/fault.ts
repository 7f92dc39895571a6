import type { Answer, ClaimedUsage } from '../answer.ts'
import type { Conversation } from '../conversation.ts'

/** Particulars of a fault, as far as a scenario gives them. */
export interface FaultOptions {
  readonly retryAfter?: number | undefined
  readonly after?: number | undefined
  readonly bytes?: number | undefined
}

interface Described {
  readonly name: string
  /** One line for people. */
  readonly about: string
}

/** An answer with an error's status in place of the scripted one. */
interface Refusal extends Described {
  readonly stage: 'refusal'
  readonly status: number
  /** What the providers call it. */
  readonly type: string
  readonly message: string
  /** Seconds for the header `retry-after`, unless the scenario says how many. */
  readonly retryAfter?: number
}

/** The connection fails before anything was answered. */
interface SilentFailure extends Described {
  readonly stage: 'connection'
  readonly action: 'hang' | 'cut'
}

/** What happens to the bytes of an answer on their way. */
export type TransferAction = 'stall' | 'cut' | 'error' | 'invalid-json' | 'wrong-schema' | 'ragged' | 'slow'

interface TransferFault extends Described {
  readonly stage: 'transfer'
  readonly action: TransferAction
}

/** The model itself misbehaves: well-formed, and wrong. */
interface AnswerFault extends Described {
  readonly stage: 'answer'
  readonly change: (answer: Answer, conversation: Conversation, options: FaultOptions) => Answer
}

interface UsageFault extends Described {
  readonly stage: 'usage'
  readonly change: (usage: ClaimedUsage) => ClaimedUsage | undefined
}

export type Fault = Refusal | SilentFailure | TransferFault | AnswerFault | UsageFault
