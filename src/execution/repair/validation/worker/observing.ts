import { stepInsertions } from '../instrumentation.ts'
import { insertAll } from '../insertion.ts'
import type { Outline } from '../outline.ts'
import { probePlan } from '../probe-plan.ts'
import type { TestPath } from '../protocol.ts'
import type { InputProbe, Sight } from './input-probe.ts'
import { groupsByFile } from './test-groups.ts'
import type { Group } from './test-groups.ts'
import { selectionOf } from './test-run.ts'
import type { FileResult, RunObserver, Selection } from './test-run.ts'

/** What observing needs of the program that is observed. */
export interface Stage {
  readonly probe: InputProbe
  outlineOf(file: string): Outline | null
  /** Whether the text, which then stands for the file, compiles. */
  override(file: string, text: string | null): boolean
  run(file: string, selection: Selection, observer: RunObserver, variant: number): Promise<FileResult>
}

/** One input of a test, exchanged. */
interface Exchange {
  readonly file: string
  readonly slot: number
  readonly alternative: number
  readonly selection: Selection
  /** Whether the test is one of the failing ones. */
  readonly near: boolean
}

const mostPerSide = 80
const silent: RunObserver = { started: () => undefined, ended: () => undefined }

/** Runs tests with other inputs than their own, on one variant of the program after another. */
export class Observing {
  readonly #stage: Stage
  readonly #files: readonly string[]
  #exchanges: readonly Exchange[] = []

  private constructor(stage: Stage, files: readonly string[]) {
    this.#stage = stage
    this.#files = files
  }

  /** Prepares the test files and finds the inputs that the tests use on the unchanged program. */
  static async begin(stage: Stage, near: readonly TestPath[], far: readonly TestPath[]): Promise<Observing> {
    const slots = new Map<string, readonly number[]>()
    for (const file of new Set([...near, ...far].map((path) => path.file))) {
      const outline = stage.outlineOf(file)
      if (outline === null) continue
      const plan = probePlan(outline)
      const text = insertAll(outline.text, [...stepInsertions(outline), ...plan.insertions])
      if (stage.override(file, text)) slots.set(file, plan.slots)
      else stage.override(file, null)
    }
    const observing = new Observing(stage, [...slots.keys()])
    const sides: Exchange[][] = []
    for (const [side, paths] of [near, far].entries()) {
      const exchanges: Exchange[] = []
      for (const group of groupsByFile(paths)) {
        const alternatives = slots.get(group.file)
        if (alternatives !== undefined)
          exchanges.push(...(await observing.#find(group, alternatives, side === 0)))
      }
      sides.push(spread(exchanges, mostPerSide))
    }
    observing.#exchanges = alternating(sides[0] ?? [], sides[1] ?? [])
    return observing
  }

  /** For each exchange, whether the test is one of the failing ones. */
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
    for (const file of this.#files) this.#stage.override(file, null)
  }

  async #watch({ file, slot, alternative, selection }: Exchange, variant: number): Promise<Sight> {
    const { probe } = this.#stage
    probe.begin(slot, alternative)
    const result = await this.#stage.run(file, selection, silent, variant)
    for (const { outcome, message } of result.tests) if (outcome === 'failed') probe.failed(message ?? '')
    if (result.failure !== undefined) probe.failed(result.failure.message)
    return probe.end()
  }

  /** Which inputs the tests of a group use: each alternative of one is an exchange, one round after the other. */
  async #find(group: Group, alternatives: readonly number[], near: boolean): Promise<readonly Exchange[]> {
    const usedBy = new Map<number, readonly string[] | null>()
    const running: (readonly string[])[] = []
    const observer: RunObserver = {
      started: (names) => void running.push(names),
      ended: () => void running.pop(),
    }
    this.#stage.probe.begin(-1, 0)
    this.#stage.probe.onInput = (slot) => {
      if (!usedBy.has(slot)) usedBy.set(slot, running.at(-1) ?? null)
    }
    await this.#stage.run(group.file, group.selection, observer, 0)
    this.#stage.probe.onInput = () => undefined
    const exchanges: Exchange[] = []
    for (let round = 0; round < Math.max(0, ...alternatives); round += 1) {
      for (const [slot, names] of usedBy) {
        const count = alternatives[slot] ?? 0
        if (round >= count) continue
        exchanges.push({
          file: group.file,
          slot,
          // Not the same kind of change everywhere, should time end early.
          alternative: ((round + slot) % count) + 1,
          selection: names === null ? group.selection : selectionOf([names]),
          near,
        })
      }
    }
    return exchanges
  }
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
