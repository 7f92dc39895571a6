import { inspect } from 'node:util'

import type { Program } from './program.ts'
import { StepsExhausted } from './gauge.ts'

/** What one test did in this process. */
export interface TestResult {
  /** Titles from the outermost suite to the test itself. */
  readonly names: readonly string[]
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo'
  readonly message?: string
  readonly stack?: string
}

/** Name of the result that stands for assertions outside any test. */
export const topLevel = '(top level)'

/** Why a test file itself did not load or end. */
export interface FileFailure {
  readonly message: string
  readonly stack?: string
  readonly isSyntax: boolean
}

/** What running one test file gave. */
export interface FileResult {
  readonly tests: readonly TestResult[]
  readonly failure?: FileFailure
}

/** Which tests of a file to run, and who watches them. */
export interface Selection {
  /** Whether a test, or anything below it, is wanted. */
  includes(names: readonly string[]): boolean
  /** Whether what a test did is of interest once it was run; tests are run to reach those within them. */
  wants(names: readonly string[]): boolean
}

export interface RunLimits {
  /** Milliseconds that one test may wait for something. */
  readonly testMs: number
}

export interface RunObserver {
  started(names: readonly string[]): void
  ended(names: readonly string[]): void
}

/** Runs the test files of one framework in this process. */
export interface Adapter {
  run(
    program: Program,
    file: string,
    selection: Selection,
    observer: RunObserver,
    limits: RunLimits,
  ): Promise<FileResult>
}

export const everything: Selection = { includes: () => true, wants: () => true }

/** The given tests, and what stands below them. */
export function selectionOf(paths: readonly (readonly string[])[]): Selection {
  const isPrefix = (a: readonly string[], b: readonly string[]): boolean =>
    a.length <= b.length && a.every((name, index) => name === b[index])
  return {
    includes: (names) => paths.some((path) => isPrefix(names, path) || isPrefix(path, names)),
    wants: (names) => paths.some((path) => isPrefix(path, names)),
  }
}

/** What is told about something thrown. */
export function failureOf(error: unknown): { readonly message: string; readonly stack?: string } {
  try {
    if (typeof error === 'object' && error !== null) {
      const { message, stack } = error as { message?: unknown; stack?: unknown }
      return {
        message: cut(typeof message === 'string' ? message : inspect(error)),
        ...(typeof stack === 'string' ? { stack: cut(stack) } : {}),
      }
    }
    return { message: cut(inspect(error)) }
  } catch {
    return { message: 'something that cannot be shown was thrown' }
  }
}

const cut = (text: string): string => (text.length > 4000 ? `${text.slice(0, 4000)}…` : text)

/** Loads a test file; null when that went well. */
export async function loadFile(program: Program, file: string): Promise<FileFailure | null> {
  try {
    const loaded = program.load(file)
    if (loaded instanceof Promise) await loaded
    return null
  } catch (error) {
    if (error instanceof StepsExhausted) throw error
    return { ...failureOf(error), isSyntax: error instanceof SyntaxError }
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
