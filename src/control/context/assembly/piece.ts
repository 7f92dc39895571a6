import type { Suspect } from '../../../execution/repair/index.ts'
import type { FileKind } from '../kinds.ts'

/** What a piece is shown for, in the order in which they take their part of the budget. */
export type PieceRole = 'suspect' | 'rules' | 'decision' | 'test' | 'code' | 'neighbour'

/** Lines of a file. From 1, both included. */
export interface Place {
  readonly path: string
  readonly startLine: number
  readonly endLine: number
}

/** A chunk as it is shown. */
export interface ContextPiece extends Place {
  readonly commit: string
  readonly kind: FileKind
  readonly role: PieceRole
  readonly symbols: readonly string[]
  /** The lines of enclosing definitions, and the lines themselves. */
  readonly header: string
  readonly text: string
  readonly tokens: number
  /** What brought it up, the strongest first: features of the ranking, or what it belongs to. */
  readonly why: readonly string[]
}

/** A chunk that is not shown, and why. */
export interface LeftOut extends Place {
  readonly role: PieceRole
  /** 0 when its text was not read. */
  readonly tokens: number
  readonly reason: 'no-room' | 'not-indexed'
}

/** What is shown for a question, and the record of what is not. */
export interface AssembledContext {
  readonly commit: string
  readonly budget: number
  readonly tokens: number
  /** The most important first and last. */
  readonly pieces: readonly ContextPiece[]
  /** The most useful first. */
  readonly leftOut: readonly LeftOut[]
}

/** A place that may hold the fault, as the repair finds it. */
export type ContextSuspect = Pick<Suspect, 'file' | 'line' | 'score' | 'reasons'>
