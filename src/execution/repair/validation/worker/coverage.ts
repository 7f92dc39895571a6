import { sep } from 'node:path'

import type { TextRange } from '../../model.ts'
import { coveragePlan, coveredRanges, stepInsertions } from '../instrumentation.ts'
import type { Region } from '../instrumentation.ts'
import { insertAll } from '../insertion.ts'
import { outlineOf } from '../outline.ts'
import type { Instrument } from './program.ts'
import type { RunObserver } from './test-run.ts'

interface Recorded {
  readonly regions: readonly Region[]
  /** For each region, the number of the test that reached it last; 0 while modules load. */
  readonly byTest: Map<number, Set<number>>
}

/** Notes which regions of the project's files each test reaches. */
export class CoverageRecorder implements RunObserver {
  readonly #root: string
  readonly #files = new Map<string, Recorded>()
  readonly #numbers = new Map<string, number>()
  readonly #running: number[] = []
  #current = 0

  constructor(root: string) {
    this.#root = root
  }

  readonly instrument: Instrument = (path, text) => {
    const outline = outlineOf(path, text)
    if (outline === null) return { text }
    const { regions, insertions } = coveragePlan(outline)
    const recorded: Recorded = { regions, byTest: new Map() }
    this.#files.set(path, recorded)
    const { byTest } = recorded
    return {
      text: insertAll(text, [...stepInsertions(outline), ...insertions]),
      reach: (region) => {
        const reached = byTest.get(this.#current)
        if (reached === undefined) byTest.set(this.#current, new Set([region]))
        else reached.add(region)
      },
    }
  }

  started(names: readonly string[]): void {
    const number = this.#numbers.size + 1
    this.#numbers.set(names.join('\u0000'), number)
    this.#running.push(number)
    this.#current = number
  }

  ended(names: readonly string[]): void {
    const number = this.#numbers.get(names.join('\u0000'))
    const at = this.#running.lastIndexOf(number ?? -1)
    if (at >= 0) this.#running.splice(at, 1)
    this.#current = this.#running.at(-1) ?? 0
  }

  /** What a test executed, by file relative to the root; loading the modules is left out. */
  covered(names: readonly string[]): Record<string, readonly TextRange[]> {
    const number = this.#numbers.get(names.join('\u0000')) ?? 0
    const covered: Record<string, readonly TextRange[]> = {}
    for (const [path, { regions, byTest }] of this.#files) {
      const reached = byTest.get(number)
      if (reached === undefined) continue
      const relative = path.slice(this.#root.length + 1).replaceAll(sep, '/')
      covered[relative] = coveredRanges(regions, (region) => reached.has(region))
    }
    return covered
  }
}
