import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { insertAll } from '../insertion.ts'
import { stepInsertions } from '../instrumentation.ts'
import { outlineOf } from '../outline.ts'
import type { Outline } from '../outline.ts'
import type { WireCandidate } from '../protocol.ts'
import { applyEdits, compileText, schemaOf } from '../schema.ts'
import type { InstrumentOutline } from '../schema.ts'
import type { Program } from './program.ts'

/** Called with a candidate and the value of the switch that makes the program be it. */
type Perform = (candidate: WireCandidate, variant: number | null) => Promise<void>

/** The program's files, and the candidates that are put in their places. */
export class Variants {
  readonly #root: string
  readonly #program: Program
  readonly #outlines = new Map<string, Outline | null>()
  #instruments: ReadonlyMap<string, InstrumentOutline> = new Map()

  constructor(root: string, program: Program) {
    this.#root = root
    this.#program = program
  }

  /** Instruments these files, and every variant of them, in another way until the next call. */
  instrument(instruments: ReadonlyMap<string, InstrumentOutline>): void {
    const files = [...this.#instruments.keys(), ...instruments.keys()]
    this.#instruments = instruments
    for (const file of files) this.#restore(file)
  }

  /** Makes each candidate stand in the program in turn; `null` for one that does not compile. */
  async each(candidates: readonly WireCandidate[], perform: Perform): Promise<void> {
    for (const group of byFile(candidates)) await this.#eachOfGroup(group, perform)
  }

  /** Candidates of one file share a schema; one that does not compile is split until the culprit stands alone. */
  async #eachOfGroup(candidates: readonly WireCandidate[], perform: Perform): Promise<void> {
    const path = candidates[0]?.edits[0]?.file
    const outline = path === undefined ? null : this.outlineOf(path)
    if (path === undefined || outline === null || !isOneFile(candidates)) {
      for (const candidate of candidates) await this.#alone(candidate, perform)
      return
    }
    const { text, ordinals, separate } = schemaOf(path, outline, candidates, this.#instrumentOf(path))
    if (!this.compiles(path, text)) {
      if (candidates.length === 1) {
        for (const candidate of candidates) await this.#alone(candidate, perform)
      } else {
        const middle = Math.ceil(candidates.length / 2)
        await this.#eachOfGroup(candidates.slice(0, middle), perform)
        await this.#eachOfGroup(candidates.slice(middle), perform)
      }
      return
    }
    try {
      for (const candidate of candidates) {
        const variant = ordinals.get(candidate.id)
        if (variant !== undefined) await perform(candidate, variant)
      }
    } finally {
      this.#restore(path)
    }
    for (const candidate of separate) await this.#alone(candidate, perform)
  }

  async #alone(candidate: WireCandidate, perform: Perform): Promise<void> {
    const files = [...new Set(candidate.edits.map((edit) => edit.file))]
    try {
      for (const file of files) {
        const edits = candidate.edits.filter((edit) => edit.file === file)
        const text = compileText(file, this.#textOf(file), edits, this.#instrumentOf(file))
        if (text === null || !this.compiles(file, text)) {
          await perform(candidate, null)
          return
        }
      }
      await perform(candidate, 0)
    } finally {
      for (const file of files) this.#restore(file)
    }
  }

  /** Whether the text, which then stands for the file, compiles; null brings the file itself back. */
  compiles(path: string, text: string | null): boolean {
    try {
      this.#program.override(path, text)
      return true
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof Error) return false
      throw error
    }
  }

  /** Puts the edited files of a candidate on the disk, or those of the base. */
  writeFiles(candidate: WireCandidate, edited: boolean): void {
    for (const file of new Set(candidate.edits.map((edit) => edit.file))) {
      const text = this.#textOf(file)
      const edits = candidate.edits.filter((edit) => edit.file === file)
      writeFileSync(join(this.#root, file), edited ? applyEdits(text, edits) : text)
    }
  }

  outlineOf(file: string): Outline | null {
    let outline = this.#outlines.get(file)
    if (outline === undefined) {
      outline = outlineOf(file, readFileSync(join(this.#root, file), 'utf8'))
      this.#outlines.set(file, outline)
    }
    return outline
  }

  #restore(file: string): void {
    const instrument = this.#instruments.get(file)
    const outline = instrument === undefined ? null : this.outlineOf(file)
    const text =
      instrument === undefined || outline === null ? null : insertAll(outline.text, instrument(outline))
    if (!this.compiles(file, text)) this.#program.override(file, null)
  }

  #instrumentOf(file: string): InstrumentOutline {
    return this.#instruments.get(file) ?? stepInsertions
  }

  #textOf(file: string): string {
    return this.outlineOf(file)?.text ?? readFileSync(join(this.#root, file), 'utf8')
  }
}

/** Runs of candidates that edit the same file, in the order given. */
function byFile(candidates: readonly WireCandidate[]): readonly WireCandidate[][] {
  const groups = new Map<string, WireCandidate[]>()
  for (const candidate of candidates) {
    const key = [...new Set(candidate.edits.map((edit) => edit.file))].sort().join('\n')
    const group = groups.get(key) ?? []
    group.push(candidate)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function isOneFile(candidates: readonly WireCandidate[]): boolean {
  const file = candidates[0]?.edits[0]?.file
  return candidates.every((candidate) => candidate.edits.every((edit) => edit.file === file))
}
