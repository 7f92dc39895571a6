import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PrincipalId, RunId, TenantId } from '../kernel/index.ts'
import { defaultProject } from '../kernel/index.ts'
import { readDefinition } from './definition.ts'
import { claim, settle } from './leaves.ts'
import type { Settlement } from './leaves.ts'
import type { LiveRun, Task } from './live-run.ts'
import { createRun } from './new-run.ts'
import { prepareOutput, failureOf } from './attempt.ts'
import { begin, cancel, complete, resume } from './run-commands.ts'
import { hasEnded, nodeKey, wholeStep } from './run-state.ts'
import { drawConsequences } from './scheduler.ts'

/** What a step of a random workflow does when it is performed. */
type Behaviour = 'succeed' | 'fail' | 'fail-once' | 'wait'

interface RandomStep {
  readonly needs: readonly number[]
  readonly behaviour: Behaviour
  readonly when: 'none' | 'true' | 'false' | 'previous'
  readonly onFailure: 'fail' | 'continue'
  readonly items: number | undefined
  readonly attempts: number
  readonly compensate: boolean
}

const randomStep = (position: number): fc.Arbitrary<RandomStep> =>
  fc.record({
    needs: position === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(position - 1), { maxLength: 3 }),
    behaviour: fc.constantFrom<Behaviour>('succeed', 'succeed', 'succeed', 'fail', 'fail-once', 'wait'),
    when: fc.constantFrom('none', 'none', 'none', 'true', 'false', 'previous'),
    onFailure: fc.constantFrom('fail', 'continue'),
    items: fc.option(fc.nat(4), { nil: undefined, freq: 4 }),
    attempts: fc.integer({ min: 1, max: 2 }),
    compensate: fc.boolean(),
  })

const randomWorkflow = fc
  .integer({ min: 1, max: 12 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, position) => randomStep(position))))

function definitionOf(steps: readonly RandomStep[]) {
  return {
    name: 'random',
    version: 1,
    steps: steps.map((step, position) => {
      const [first] = step.needs
      const previous = first === undefined ? 'true' : `steps.s${first}.status == "succeeded"`
      return {
        id: `s${position}`,
        kind: 'tool',
        uses: 'x',
        needs: step.needs.map((need) => `s${need}`),
        onFailure: step.onFailure,
        ...(step.when === 'none' ? {} : { when: step.when === 'previous' ? previous : step.when }),
        ...(step.items === undefined
          ? {}
          : { over: `[${Array.from({ length: step.items }, () => '1').join(',')}]`, parallel: 2 }),
        retry: { attempts: step.attempts },
        ...(step.compensate ? { compensate: { uses: 'undo' } } : {}),
      }
    }),
  }
}

/** Performs tasks of a run in a random order until none is left, as any number of processes would. */
class Simulation {
  readonly run: LiveRun
  readonly order: { readonly what: 'start' | 'end'; readonly key: string; readonly stepId: string }[] = []
  readonly #steps: readonly RandomStep[]
  readonly #choose: (count: number) => number
  readonly #tasks: Task[] = []
  readonly #performed = new Set<string>()
  mostAtOnce = new Map<string, number>()

  constructor(steps: readonly RandomStep[], choose: (count: number) => number) {
    this.#steps = steps
    this.#choose = choose
    this.run = createRun({
      tenantId: 't' as TenantId,
      principalId: 'p' as PrincipalId,
      runId: 'r' as RunId,
      plan: readDefinition(definitionOf(steps)),
      inputs: {},
      labels: {},
      parent: null,
      projectId: defaultProject,
      depth: 0,
    })()
    begin(this.run)
    this.#collect()
  }

  perform(cancelAfter = Infinity): void {
    const running: { readonly key: string; readonly finish: () => void }[] = []
    for (let count = 0; count < 10_000; count += 1) {
      if (count === cancelAfter && this.run.header.phase === 'forward') {
        cancel(this.run, 'enough', 'p' as PrincipalId)
        this.#collect()
      }
      const waiting = [...this.run.nodes()].filter(({ status }) => status === 'waiting')
      const choices = this.#tasks.length + running.length + waiting.length
      if (choices === 0) return
      const choice = this.#choose(choices)
      if (choice < this.#tasks.length) {
        const [task] = this.#tasks.splice(choice, 1)
        const begun = task === undefined ? undefined : this.#begin(task)
        if (begun !== undefined) running.push(begun)
      } else if (choice < this.#tasks.length + running.length) {
        const [done] = running.splice(choice - this.#tasks.length, 1)
        done?.finish()
      } else {
        const node = waiting[choice - this.#tasks.length - running.length]
        if (node !== undefined) complete(this.run, node.stepId, node.itemIndex, prepareOutput('answer'))
      }
      this.#collect()
    }
    throw new Error('the run does not end')
  }

  #begin(task: Task): { readonly key: string; readonly finish: () => void } | undefined {
    if (task.kind !== 'execute') return undefined
    const node = this.run.find(task.node)
    const token = `${nodeKey(task.node)}/${task.attempt}`
    const taken = node && claim(this.run, node, task.attempt, 'e', token)
    drawConsequences(this.run)
    if (taken === undefined) return undefined
    expect(this.#performed.has(token), `${token} is performed once`).toBe(false)
    this.#performed.add(token)
    if (taken.role === 'forward') this.order.push({ what: 'start', key: token, stepId: taken.stepId })
    return {
      key: token,
      finish: () => {
        const current = this.run.find(task.node)
        if (current?.token !== token) return
        settle(this.run, current, this.#settlement(current))
        drawConsequences(this.run)
        if (current.role === 'forward') this.order.push({ what: 'end', key: token, stepId: current.stepId })
      },
    }
  }

  #settlement({ stepId, tries, role }: { stepId: string; tries: number; role: string }): Settlement {
    const { behaviour } = this.#steps[Number(stepId.slice(1))]!
    if (role === 'compensation' || behaviour === 'succeed')
      return { kind: 'succeeded', ...prepareOutput(stepId) }
    if (behaviour === 'wait') return { kind: 'waiting', reason: 'person', payload: null }
    if (behaviour === 'fail-once' && tries > 1) return { kind: 'succeeded', ...prepareOutput(stepId) }
    return failureOf(new Error('it broke'))
  }

  #collect(): void {
    this.#tasks.push(...this.run.finish().tasks)
  }
}

const choices = fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 })
const chooser = (numbers: readonly number[]) => {
  let position = 0
  return (count: number): number => (numbers[position++ % numbers.length] ?? 0) % count
}

describe('any workflow, performed in any order', () => {
  it('ends with every step in a terminal state, and starts none before its needs have ended', () => {
    fc.assert(
      fc.property(randomWorkflow, choices, (steps, numbers) => {
        const simulation = new Simulation(steps, chooser(numbers))
        simulation.perform()
        const { run, order } = simulation
        expect(run.header.phase).toBe('ended')
        for (const node of run.nodes()) expect(hasEnded(node) || node.role === 'compensation').toBe(true)
        for (const [position, { what, stepId }] of order.entries()) {
          if (what !== 'start') continue
          const early = order.slice(position).filter((later) => later.what === 'end')
          for (const need of run.planned(stepId).ancestors)
            expect(early.map((later) => later.stepId)).not.toContain(need)
        }
        const shouldFail = [...run.nodes()].some(
          (node) =>
            node.itemIndex === wholeStep &&
            node.role === 'forward' &&
            node.status === 'failed' &&
            run.planned(node.stepId).definition.onFailure === 'fail',
        )
        expect(run.header.status).toBe(shouldFail ? 'failed' : 'succeeded')
      }),
      { numRuns: 150 },
    )
  })

  it('undoes what succeeded, last first, when it fails or is cancelled; and can then be resumed', () => {
    fc.assert(
      fc.property(randomWorkflow, choices, fc.nat(20), (steps, numbers, cancelAfter) => {
        const simulation = new Simulation(steps, chooser(numbers))
        simulation.perform(cancelAfter)
        const { run } = simulation
        expect(run.header.phase).toBe('ended')
        if (run.header.status === 'succeeded') return
        for (const node of run.nodes())
          if (
            node.role === 'forward' &&
            run.isLeaf(node) &&
            run.planned(node.stepId).compensation !== undefined
          )
            expect(node.status).not.toBe('succeeded')
        resume(run)
        expect(run.header.phase === 'ended' || run.active + run.waiting > 0).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('keeps its tallies true', () => {
    fc.assert(
      fc.property(randomWorkflow, choices, fc.nat(30), (steps, numbers, cancelAfter) => {
        const simulation = new Simulation(steps, chooser(numbers))
        simulation.perform(cancelAfter)
        const { run } = simulation
        expect(run.active).toBe(0)
        expect(run.waiting).toBe(0)
        expect(run.open).toBe(0)
        for (const { id, over } of run.plan.steps.values()) {
          const { total, ended, active } = run.fanOut(id)
          if (over !== undefined) expect([ended, active]).toEqual([total, 0])
        }
      }),
      { numRuns: 100 },
    )
  })
})
