import type { z } from 'zod'
import type { ModelTool } from '../../../contracts/index.ts'
import type { ErrorReport } from '../../../kernel/index.ts'

export type JsonValue = z.infer<ReturnType<typeof z.json>>
export type JsonObject = Readonly<Record<string, JsonValue>>

/** What came of a tool call, with how long it took. Both come from the record when the call is on it. */
export type ToolOutcome =
  | { readonly kind: 'answered'; readonly output: JsonValue; readonly milliseconds: number }
  | {
      readonly kind: 'failed'
      readonly error: Pick<ErrorReport, 'code' | 'message' | 'remedy'>
      readonly milliseconds: number
    }

/**
 * How an agent acts. A key stands for one call: whoever asks again gets what was recorded, also after a crash and days
 * later, and also if the tool failed (see `recordingTool`). What is thrown ends the agent's work: errors of the budget as
 * capped, others that may pass are passed on.
 */
export interface AgentActs {
  perform(call: AgentCall): Promise<ToolOutcome>
  /** Puts on record, once, that the loop has refused a call; nothing is done. */
  refuse(call: RefusedCall): Promise<void>
}

interface AgentCall {
  readonly tool: string
  readonly input: JsonObject
  readonly key: string
  readonly signal: AbortSignal
}

export interface RefusedCall extends AgentCall {
  /** Absent where there is no such tool for the agent; `tool` is then whatever the model wrote. */
  readonly why?: string
}

/** A test that fails, as a tool reports it. */
export interface FailingTest {
  readonly id: string
  readonly message: string
}

/** What the loop reads out of a tool's output, beside showing it to the model. */
export interface Observation {
  /** Tree that the tool left. */
  readonly tree?: string
  /** The tool ran tests. */
  readonly tests?: {
    readonly failing: readonly FailingTest[]
    /** Whether a test that was known to fail, and is not among `failing`, has run and passed. */
    readonly passes: (id: string) => boolean
  }
}

/** A tool as an agent sees it. */
export interface AgentTool {
  /** As agent files and the door know it. */
  readonly name: string
  /** As the model sees it: a name that every provider takes, and the schema of what the model writes. */
  readonly modelTool: ModelTool
  /** Leaves the tree as it is, so that several may run at once. */
  readonly readOnly: boolean
  /** Whole input of the call: what the model wrote with what the studio adds; or a problem, which the model is told. */
  inputFor(written: JsonObject, tree: string): { readonly input: JsonObject } | { readonly problem: string }
  /** Text for the model. */
  present(output: JsonValue): string
  observe(output: JsonValue, input: JsonObject): Observation
}
