import type { Tool } from '../../contracts/index.ts'
import type { SandboxLimits } from '../sandbox/index.ts'
import type { Workspace } from '../tools/index.ts'
import type { TranscriptEntry } from './transcript.ts'

/** Protocols by which agents ask models. */
export type ModelProtocol = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'google'

/** What the model gateway speaks. */
export const servedProtocols: readonly ModelProtocol[] = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
]

/** How an agent reaches models: by one socket, with a key for this task alone. */
export interface GatewayAccess {
  /** Unix socket on the host at which the gateway listens; every account has to be allowed to connect. */
  readonly socket: string
  /** Key of the task; it is in the agent's environment and nowhere else. */
  readonly key: string
  /** A model or route that the key allows. */
  readonly model: string
}

/** Where an agent's packages are installed, outside of any project. Bound read-only into the sandbox. */
interface Installation {
  /** Host folder that holds `node_modules`, or a Python environment. */
  readonly folder: string
}

interface CodingAgentLimits {
  readonly seconds: number
  /** Requests of the agent that the studio answers: files, commands, permissions. */
  readonly acts: number
  /** Of these at the same time. */
  readonly concurrentActs: number
  /** Of the sandbox, where they differ from those of the run. */
  readonly sandbox?: Partial<SandboxLimits>
}

export interface CodingAgentRequest {
  readonly workspace: Workspace
  /** Git tree that the agent starts from. */
  readonly tree: string
  /** What it is asked to do. Text of others in it is marked as data by whoever writes it. */
  readonly prompt: string
  readonly gateway: GatewayAccess
  readonly installation: Installation
  readonly limits: CodingAgentLimits
  /** Whether it may change or delete tests that stand in `tree`; adding tests is always allowed. */
  readonly existingTests: 'protected' | 'editable'
}

/** What an agent says about its own work. It is recorded and never believed. */
export interface Claim {
  readonly outcome: 'done' | 'failed' | 'unknown'
  readonly text: string
}

/** Something that was refused to the agent, or not taken over from it. */
export interface Refusal {
  readonly what: string
  readonly why: string
}

export interface CodingAgentResult {
  /** Git tree that the agent leaves, made by the studio from the files in the sandbox. */
  readonly tree: string
  /** Paths that differ from the tree it started from, sorted. */
  readonly changed: readonly string[]
  /** How its process ended. */
  readonly ended:
    | { readonly kind: 'exited'; readonly code: number }
    /** By a limit, such as `timeout` or `memory`, by `cancelled`, or by another signal. */
    | { readonly kind: 'killed'; readonly by: string }
  readonly claim: Claim
  readonly refusals: readonly Refusal[]
  readonly transcript: readonly TranscriptEntry[]
  /** Bytes of the transcript that found no room. */
  readonly discardedBytes: number
}

/**
 * The narrow way by which an agent acts on the world: each request becomes one call of a tool, which the implementation
 * takes to the door in the name of the agent. It throws a coded error for whatever is not granted or not allowed.
 */
export interface PermittedActs {
  perform<I, O>(tool: Tool<I, O>, input: I, signal: AbortSignal): Promise<O>
}
