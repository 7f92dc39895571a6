import type { RunStatus, StepStatus } from '../contracts/index.ts'
import type { Digest, ErrorReport, PrincipalId, ProjectId, RunId, TenantId } from '../kernel/index.ts'
import type { JsonValue } from './ports.ts'

/**
 * `forward`: steps are started as their needs end. `stopping`: something failed or the run was cancelled, nothing is
 * started any more and what runs is told to stop. `compensating`: what succeeded is undone, last first.
 */
export type RunPhase = 'forward' | 'stopping' | 'compensating' | 'ended'
/** How a run that is being stopped will end. */
export type RunOutcome = 'failed' | 'cancelled'
export type NodeRole = 'forward' | 'compensation'

/** Stands for the step itself where an item of its fan-out could stand. */
export const wholeStep = -1

export interface NodeId {
  readonly stepId: string
  /** {@link wholeStep} or the position in the fan-out. */
  readonly itemIndex: number
  readonly role: NodeRole
}

/** What is scheduled: a step, an item of a fan-out, or the compensation of either. */
export interface NodeState extends NodeId {
  readonly status: StepStatus
  /** Number of the last attempt; unique for the whole life of the run. 0 before the first. */
  readonly attempt: number
  /** Attempts since the run was started or last resumed; what the retry policy counts. */
  readonly tries: number
  /** How often the present attempt was begun; more than once when processes died under it. */
  readonly takes: number
  /** Grows when the node is done again after it was compensated, so that its acts count as new ones. */
  readonly cycle: number
  /** Fence: only whoever holds the token of the last take may record how the attempt ended. */
  readonly token: string | null
  readonly executorId: string | null
  /** The lock it holds or waits for. */
  readonly lockKey: string | null
  readonly outputDigest: Digest | null
  readonly error: ErrorReport | null
  /** With `until`, its last attempt has not begun and does at that time. */
  readonly waiting: {
    readonly reason: string
    readonly payload: JsonValue
    readonly until?: number
  } | null
  /** Sequence of the event of its end: the order in which things happened. */
  readonly endedSequence: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
}

export interface RunHeader {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly principalId: PrincipalId
  readonly projectId: ProjectId
  readonly workflow: string
  readonly workflowVersion: number
  readonly definitionDigest: Digest
  readonly planDigest: Digest
  readonly planVersion: number
  readonly phase: RunPhase
  readonly outcome: RunOutcome | null
  readonly status: RunStatus
  readonly inputsDigest: Digest
  readonly resultDigest: Digest | null
  readonly error: ErrorReport | null
  readonly labels: Readonly<Record<string, string>>
  readonly parent: { readonly runId: RunId; readonly stepId: string; readonly itemIndex: number } | null
  readonly depth: number
  readonly revision: number
  readonly lastSequence: number
  readonly createdAt: number
  readonly endedAt: number | null
}

export function nodeKey({ stepId, itemIndex, role }: NodeId): string {
  return role === 'forward' ? `${stepId}/${itemIndex}` : `${stepId}/${itemIndex}/undo`
}

export function stepNode(stepId: string, itemIndex: number = wholeStep, role: NodeRole = 'forward'): NodeId {
  return { stepId, itemIndex, role }
}

export function newNode(id: NodeId): NodeState {
  return {
    ...id,
    status: 'pending',
    attempt: 0,
    tries: 0,
    takes: 0,
    cycle: 0,
    token: null,
    executorId: null,
    lockKey: null,
    outputDigest: null,
    error: null,
    waiting: null,
    endedSequence: null,
    startedAt: null,
    endedAt: null,
  }
}

const terminal: ReadonlySet<StepStatus> = new Set([
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
  'compensated',
])

export function hasEnded(node: { readonly status: StepStatus }): boolean {
  return terminal.has(node.status)
}

/**
 * What acts of the node carry as their idempotency key: the same for every attempt and after every crash, another one
 * for the compensation, and another one when the node is done again after it was compensated.
 */
export function idempotencyKey(header: RunHeader, node: NodeState): string {
  const base = `${header.tenantId}/${header.runId}/${nodeKey(node)}`
  return node.cycle === 0 ? base : `${base}#${node.cycle}`
}
