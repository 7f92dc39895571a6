import { argumentInsertions, functionsAround } from '../argument-plan.ts'
import { insertAll } from '../insertion.ts'
import { stepInsertions } from '../instrumentation.ts'
import { probePlan } from '../probe-plan.ts'
import type { TestPath, WireCandidate } from '../protocol.ts'
import type { InstrumentOutline } from '../schema.ts'
import { copyOf, shown } from './input-probe.ts'
import type { Exchanged, InputProbe, Sight } from './input-probe.ts'
import { groupsByFile } from './test-groups.ts'
import type { Group } from './test-groups.ts'
import { selectionOf } from './test-run.ts'
import type { FileResult, RunObserver, Selection } from './test-run.ts'
import { variantsOf } from './value-variants.ts'
import type { Variants } from './variants.ts'

/** What observing needs of the program that is observed. */
export interface Stage {
  readonly probe: InputProbe
  readonly variants: Variants
  run(file: string, selection: Selection, observer: RunObserver, variant: number): Promise<FileResult>
}

/** One value, exchanged in one run of some tests. */
interface Exchange {
  readonly file: string
  readonly selection: Selection
  /** Whether the tests are among the failing ones. */
  readonly near: boolean
  readonly exchanged: Exchanged
}

/** What tests use of what can be exchanged. */
interface Use {
  readonly file: string
  readonly selection: Selection
}

/** What is known of a parameter after the tests have run once. */
interface Parameter {
  /** Tests that call the function, with the value that it is first called with. */
  readonly uses: (Use & { readonly value: unknown })[]
  /** By how they are printed. */
  readonly values: Map<string, unknown>
}

interface Side {
  readonly near: boolean
  readonly inputs: Exchange[]
  readonly parameters: Map<string, Parameter>
}

const mostPerSide = 160
const mostUses = 8
const mostValues = 24
const silent: RunObserver = { started: () => undefined, ended: () => undefined }

/** Runs tests with other values than their own, on one variant of the program after another. */
export class Observing {
  readonly #stage: Stage
  #exchanges: readonly Exchange[] = []

  private constructor(stage: Stage) {
    this.#stage = stage
  }

  /** Prepares the program and its tests, and finds what the tests use on the unchanged program. */
  static async begin(
    stage: Stage,
    candidates: readonly WireCandidate[],
    near: readonly TestPath[],
    far: readonly TestPath[],
  ): Promise<Observing> {
    const slots = new Map<string, readonly number[]>()
    const instruments = new Map(argumentInstruments(stage.variants, candidates))
    for (const file of new Set([...near, ...far].map((path) => path.file))) {
      const outline = stage.variants.outlineOf(file)
      if (outline === null) continue
      const plan = probePlan(outline)
      const insertions = [...stepInsertions(outline), ...plan.insertions]
      if (!stage.variants.compiles(file, insertAll(outline.text, insertions))) continue
      slots.set(file, plan.slots)
      instruments.set(file, () => insertions)
    }
    stage.variants.instrument(instruments)
    const observing = new Observing(stage)
    const sides: Side[] = [
      { near: true, inputs: [], parameters: new Map() },
      { near: false, inputs: [], parameters: new Map() },
    ]
    for (const [index, side] of sides.entries()) {
      for (const group of groupsByFile(index === 0 ? near : far))
        await observing.#learn(side, group, slots.get(group.file) ?? [])
    }
    const [left = [], right = []] = sides.map((side) =>
      alternating(
        spread(side.inputs, mostPerSide / 2),
        spread(argumentExchanges(side, sides), mostPerSide / 2),
      ),
    )
    observing.#exchanges = alternating(left, right)
    return observing
  }

  /** For each exchange, whether the tests are among the failing ones. */
  get near(): readonly boolean[] {
    return this.#exchanges.map((exchange) => exchange.near)
  }

  /** Watches the unchanged program and keeps as many exchanges as the time allows. */
  async limit(milliseconds: number): Promise<readonly Sight[]> {
    const seen: Sight[] = []
    const start = performance.now()
    for (const exchange of this.#exchanges) {
      if (performance.now() - start > milliseconds) break
      seen.push(await this.#watch(exchange, 0))
    }
    this.#exchanges = this.#exchanges.slice(0, seen.length)
    return seen
  }

  /** What the tests see with each exchange, on one variant of the program. */
  async watchAll(variant: number): Promise<readonly Sight[]> {
    const seen: Sight[] = []
    for (const exchange of this.#exchanges) seen.push(await this.#watch(exchange, variant))
    return seen
  }

  end(): void {
    this.#stage.variants.instrument(new Map())
  }

  async #watch({ file, selection, exchanged }: Exchange, variant: number): Promise<Sight> {
    const { probe } = this.#stage
    probe.begin(exchanged)
    const result = await this.#stage.run(file, selection, silent, variant)
    for (const { outcome, message } of result.tests) if (outcome === 'failed') probe.failed(message ?? '')
    if (result.failure !== undefined) probe.failed(result.failure.message)
    return probe.end()
  }

  /** Runs the tests of a group once and notes which literals and parameters they use. */
  async #learn({ near, inputs, parameters }: Side, group: Group, slots: readonly number[]): Promise<void> {
    const { probe } = this.#stage
    const inputsUsed = new Map<number, Selection>()
    const running: (readonly string[])[] = []
    const called = new Set<string>()
    const selection = (): Selection => {
      const names = running.at(-1)
      return names === undefined ? group.selection : selectionOf([names])
    }
    probe.begin()
    probe.onInput = (slot) => {
      if (!inputsUsed.has(slot)) inputsUsed.set(slot, selection())
    }
    probe.onArgument = (name, value) => {
      const parameter = parameters.get(name) ?? { uses: [], values: new Map<string, unknown>() }
      parameters.set(name, parameter)
      const isFirst = !called.has(`${running.at(-1)?.join('\0') ?? ''}\0${name}`)
      called.add(`${running.at(-1)?.join('\0') ?? ''}\0${name}`)
      if (isFirst && parameter.uses.length < mostUses)
        parameter.uses.push({ file: group.file, selection: selection(), value: copyOf(value) })
      if (parameter.values.size < mostValues) parameter.values.set(shown(value), copyOf(value))
    }
    const observer: RunObserver = {
      started: (names) => void running.push(names),
      ended: () => void running.pop(),
    }
    await this.#stage.run(group.file, group.selection, observer, 0)
    probe.onInput = () => undefined
    probe.onArgument = () => undefined
    for (let round = 0; round < Math.max(0, ...slots); round += 1) {
      for (const [slot, used] of inputsUsed) {
        const count = slots[slot] ?? 0
        if (round >= count) continue
        // Not the same kind of change everywhere, should time end early.
        const alternative = ((round + slot) % count) + 1
        inputs.push({
          file: group.file,
          selection: used,
          near,
          exchanged: { kind: 'input', slot, alternative },
        })
      }
    }
  }
}

/** How the files that candidates edit let the probe exchange arguments of the functions around the edits. */
function argumentInstruments(
  variants: Variants,
  candidates: readonly WireCandidate[],
): readonly (readonly [string, InstrumentOutline])[] {
  const edits = candidates.flatMap((candidate) => candidate.edits)
  return [...Map.groupBy(edits, (edit) => edit.file)].flatMap(([file, own]) => {
    const base = variants.outlineOf(file)
    if (base === null) return []
    const functions = functionsAround(base, own)
    return [[file, (outline) => [...stepInsertions(outline), ...argumentInsertions(outline, functions)]]]
  })
}

/**
 * Each use of a parameter with values that it has on the other side, where one thing about a failing call meets all else
 * of a passing one, then with values near its own.
 */
function argumentExchanges({ near, parameters }: Side, sides: readonly Side[]): readonly Exchange[] {
  const crossed: Exchange[] = []
  const varied: Exchange[] = []
  for (const [name, { uses }] of parameters) {
    const others = sides.find((side) => side.near !== near)?.parameters.get(name)?.values ?? new Map()
    for (const { file, selection, value } of uses) {
      const own = shown(value)
      const exchange = (other: unknown): Exchange => ({
        file,
        selection,
        near,
        exchanged: { kind: 'argument', parameter: name, value: other },
      })
      for (const [key, other] of others) if (key !== own) crossed.push(exchange(other))
      for (const other of variantsOf(value)) varied.push(exchange(other))
    }
  }
  return alternating(spread(crossed, mostPerSide / 4), spread(varied, mostPerSide / 4))
}

/** At most so many of the items, evenly from all over the list. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]).filter(
    (item) => item !== undefined,
  )
}

function alternating<T>(left: readonly T[], right: readonly T[]): T[] {
  const items: T[] = []
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    items.push(...left.slice(index, index + 1), ...right.slice(index, index + 1))
  }
  return items
}
