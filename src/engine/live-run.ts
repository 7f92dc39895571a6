import type { Digest, ErrorReport, PrincipalId, TenantId } from '../kernel/index.ts'
import { canonicalJson, digestOf } from '../kernel/index.ts'
import type { ExpressionScope, StepResult } from './expressions.ts'
import type { Plan, PlannedStep } from './plan.ts'
import type { JsonObject, JsonValue } from './ports.ts'
import { hasEnded, nodeKey, stepNode, wholeStep } from './run-state.ts'
import type { NodeId, NodeState, RunHeader } from './run-state.ts'
import { storableObject } from './storable.ts'

/** Work that a durable function has to do once the transaction is committed. */
export type Task =
  | {
      readonly kind: 'execute'
      readonly node: NodeId
      readonly attempt: number
      /** Milliseconds to wait before. */
      readonly delayMs: number
    }
  /** Tells the parent's step that this run, its child, has ended. */
  | {
      readonly kind: 'settle-parent'
      readonly runId: string
      readonly node: NodeId
      readonly occasion: number
    }
  | { readonly kind: 'cancel-child'; readonly runId: string; readonly occasion: number }

interface AttemptRecord extends NodeId {
  readonly attempt: number
  readonly take: number
  readonly executorId: string
  readonly outcome: 'succeeded' | 'failed' | 'waiting' | 'delegated' | 'lost'
  readonly error: ErrorReport | null
  readonly startedAt: number
  readonly endedAt: number
}

interface EventRecord {
  readonly sequence: number
  readonly at: number
  readonly kind: string
  readonly stepId: string | null
  readonly itemIndex: number | null
  readonly data: JsonObject
}

interface PlanRevision {
  readonly version: number
  readonly digest: Digest
  readonly reason: string
  readonly principalId: PrincipalId
}

/** What has to be written, since the run was loaded or last written. */
export interface RunChanges {
  readonly nodes: Set<string>
  readonly removedNodes: NodeId[]
  readonly attempts: AttemptRecord[]
  readonly events: EventRecord[]
  readonly tasks: Task[]
  readonly lockRequests: NodeId[]
  readonly lockReleases: { readonly node: NodeId; readonly lockKey: string }[]
  /** JSON text by its digest. */
  readonly blobs: Map<Digest, string>
  readonly plans: PlanRevision[]
  /** Tickets whose work is done with these changes. */
  readonly finishedTickets: string[]
}

/** How far the items of a step have come. */
export interface FanOut {
  readonly total: number
  /** Items to start, in order; some may have been cancelled since. */
  readonly pending: number[]
  readonly active: number
  readonly ended: number
}

/**
 * A run in memory, changed in place by the scheduler. Everything that changes is noted, so that one transaction can
 * write it; when that fails the object is thrown away and loaded again.
 */
export class LiveRun {
  header: RunHeader
  plan: Plan
  readonly inputs: JsonObject
  /** Outputs that expressions may read. */
  readonly values: Map<Digest, JsonValue>
  changes: RunChanges = noChanges()
  /** Nodes that have just ended and whose consequences are still to be drawn. */
  readonly ended: NodeState[] = []
  /** Leaves (steps without fan-out, items, compensations) that are ready or running. */
  active = 0
  /** Leaves that wait for an answer from outside. */
  waiting = 0
  /** Steps that have not ended. */
  open = 0
  readonly #nodes: Map<string, NodeState>
  readonly #fanOuts = new Map<string, { total: number; pending: number[]; active: number; ended: number }>()
  readonly #items = new Map<string, readonly JsonValue[]>()
  /** Milliseconds since the epoch at which the present change happens. */
  now: number

  constructor(
    header: RunHeader,
    plan: Plan,
    inputs: JsonObject,
    nodes: Iterable<NodeState>,
    values: Map<Digest, JsonValue>,
  ) {
    this.header = header
    this.plan = plan
    this.inputs = inputs
    this.values = values
    this.now = header.createdAt
    this.#nodes = new Map()
    for (const node of nodes) {
      this.#nodes.set(nodeKey(node), node)
      this.#count(node, 1)
    }
  }

  get tenantId(): TenantId {
    return this.header.tenantId
  }

  hasChanged(): boolean {
    const { nodes, events, removedNodes, finishedTickets } = this.changes
    return nodes.size + events.length + removedNodes.length + finishedTickets.length > 0
  }

  /** Closes a set of changes, which makes a new revision of the run. */
  finish(): RunChanges {
    const { changes } = this
    this.header = { ...this.header, revision: this.header.revision + 1 }
    this.changes = noChanges()
    return changes
  }

  find(id: NodeId): NodeState | undefined {
    return this.#nodes.get(nodeKey(id))
  }

  findByKey(key: string): NodeState | undefined {
    return this.#nodes.get(key)
  }

  nodes(): IterableIterator<NodeState> {
    return this.#nodes.values()
  }

  /** The node of a step; a plan's steps all have one. */
  step(stepId: string): NodeState {
    const node = this.find(stepNode(stepId))
    if (node === undefined) throw new Error(`run ${this.header.runId} has no step ${stepId}`)
    return node
  }

  planned(stepId: string): PlannedStep {
    const step = this.plan.steps.get(stepId)
    if (step === undefined) throw new Error(`the plan of run ${this.header.runId} has no step ${stepId}`)
    return step
  }

  put(node: NodeState): NodeState {
    const key = nodeKey(node)
    const before = this.#nodes.get(key)
    if (before !== undefined) this.#count(before, -1)
    this.#count(node, 1)
    this.#nodes.set(key, node)
    this.changes.nodes.add(key)
    return node
  }

  remove(id: NodeId): void {
    const key = nodeKey(id)
    const node = this.#nodes.get(key)
    if (node === undefined) return
    this.#count(node, -1)
    this.#nodes.delete(key)
    this.changes.nodes.delete(key)
    this.changes.removedNodes.push(id)
  }

  /** Whether the node is something that is performed, and not a step that stands for the items of its fan-out. */
  isLeaf(node: NodeId): boolean {
    return (
      node.role === 'compensation' ||
      node.itemIndex !== wholeStep ||
      this.plan.steps.get(node.stepId)?.over === undefined
    )
  }

  fanOut(stepId: string): FanOut {
    return this.#fanOuts.get(stepId) ?? { total: 0, pending: [], active: 0, ended: 0 }
  }

  event(kind: string, node: NodeId | undefined, data: JsonObject = {}): number {
    const sequence = this.header.lastSequence + 1
    this.header = { ...this.header, lastSequence: sequence }
    this.changes.events.push({
      sequence,
      at: this.now,
      kind,
      stepId: node?.stepId ?? null,
      itemIndex: node === undefined || node.itemIndex === wholeStep ? null : node.itemIndex,
      data: storableObject(data),
    })
    return sequence
  }

  /** Notes that a value has to be stored, and keeps it in memory for expressions. */
  store(value: JsonValue): Digest {
    const content = canonicalJson(value)
    return this.storeContent(value, content, digestOf(content))
  }

  storeContent(value: JsonValue, content: string, digest: Digest): Digest {
    this.changes.blobs.set(digest, content)
    this.values.set(digest, value)
    return digest
  }

  /** Follows another plan from now on. */
  follow(plan: Plan): void {
    this.plan = plan
    this.header = { ...this.header, planDigest: plan.digest, planVersion: this.header.planVersion + 1 }
    this.changes.blobs.set(plan.digest, canonicalJson(plan.definition))
  }

  /** What the expressions of a step, or with null those of the run's result, may see. */
  scope(reads: Iterable<string>): ExpressionScope {
    const steps: Record<string, StepResult> = {}
    for (const stepId of reads) {
      const { status, outputDigest, error } = this.step(stepId)
      steps[stepId] = { status, output: this.value(outputDigest), error }
    }
    return { inputs: this.inputs, steps }
  }

  value(digest: Digest | null): JsonValue {
    if (digest === null) return null
    const value = this.values.get(digest)
    if (value === undefined) throw new Error(`the output ${digest} was not loaded`)
    return value
  }

  /** The list over which a step fans out; it depends on steps that have ended and stays the same. */
  items(step: PlannedStep): readonly JsonValue[] {
    const known = this.#items.get(step.id)
    if (known !== undefined) return known
    const list = step.over?.evaluate(this.scope(step.reads)) ?? []
    const items = Array.isArray(list) ? list : []
    this.#items.set(step.id, items)
    return items
  }

  #count(node: NodeState, by: 1 | -1): void {
    if (node.role === 'forward')
      if (node.itemIndex !== wholeStep) this.#countItem(node, by)
      else if (!hasEnded(node)) this.open += by
    if (!this.isLeaf(node)) return
    if (node.status === 'ready' || node.status === 'running') this.active += by
    if (node.status === 'waiting') this.waiting += by
  }

  #countItem(node: NodeState, by: 1 | -1): void {
    const items = this.#fanOuts.get(node.stepId) ?? { total: 0, pending: [], active: 0, ended: 0 }
    this.#fanOuts.set(node.stepId, items)
    items.total += by
    if (hasEnded(node)) items.ended += by
    else if (node.status !== 'pending') items.active += by
    else if (by === 1) items.pending.push(node.itemIndex)
  }
}

function noChanges(): RunChanges {
  return {
    nodes: new Set(),
    removedNodes: [],
    attempts: [],
    events: [],
    tasks: [],
    lockRequests: [],
    lockReleases: [],
    blobs: new Map(),
    plans: [],
    finishedTickets: [],
  }
}
