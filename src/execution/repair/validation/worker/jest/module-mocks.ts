import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { basename, dirname, join } from 'node:path'

import type { Intercept, Program } from '../program.ts'

/** Makes a stand-in for a module from what it exports. */
export type AutoMock = (actual: unknown) => unknown

interface Mock {
  readonly make: () => unknown
  made: { readonly exports: unknown } | null
}

/** Modules that a test file replaces, as `jest.mock` and `vi.mock` do. */
export class ModuleMocks {
  readonly #program: Program
  readonly #autoMock: AutoMock
  readonly #folders: readonly string[]
  readonly #mocks = new Map<string, Mock>()
  readonly #unmocked = new Set<string>()

  /** @param folders folders whose `__mocks__` holds stand-ins for packages */
  constructor(program: Program, autoMock: AutoMock, folders: readonly string[]) {
    this.#program = program
    this.#autoMock = autoMock
    this.#folders = folders
  }

  mock(request: string, from: string, factory?: () => unknown): void {
    const key = this.keyOf(request, from)
    this.#unmocked.delete(key)
    const make =
      factory ?? (() => this.#manual(key) ?? this.#autoMock(this.#program.requireActual(request, from)))
    this.#mocks.set(key, { make, made: null })
  }

  unmock(request: string, from: string): void {
    const key = this.keyOf(request, from)
    this.#mocks.delete(key)
    this.#unmocked.add(key)
  }

  /** Stand-ins are made again when they are next asked for. */
  reset(): void {
    for (const mock of this.#mocks.values()) mock.made = null
  }

  readonly intercept: Intercept = (request, from) => {
    if (this.#mocks.size === 0 && !this.#hasPackageMocks) return undefined
    const key = this.keyOf(request, from)
    const mock = this.#mocks.get(key)
    if (mock !== undefined) {
      mock.made ??= { exports: mock.make() }
      return mock.made
    }
    const isPackage = !/^[./]/.test(request) && !isBuiltin(request)
    if (!isPackage || this.#unmocked.has(key)) return undefined
    const file = this.#packageMock(request)
    return file === undefined || file === from
      ? undefined
      : { exports: this.#program.requireActual(file, from) }
  }

  keyOf(request: string, from: string): string {
    try {
      return this.#program.resolve(request, from)
    } catch {
      return request.startsWith('.') ? join(dirname(from), request) : request
    }
  }

  get #hasPackageMocks(): boolean {
    return this.#folders.some((folder) => existsSync(join(folder, '__mocks__')))
  }

  #packageMock(request: string): string | undefined {
    return firstFile(this.#folders.map((folder) => join(folder, '__mocks__', request)))
  }

  /** The stand-in that lies beside a module. */
  #manual(file: string): unknown {
    const stem = basename(file).replace(/\.[^.]+$/, '')
    const manual = firstFile([join(dirname(file), '__mocks__', stem)])
    return manual === undefined ? undefined : this.#program.requireActual(manual, file)
  }
}

function firstFile(stems: readonly string[]): string | undefined {
  return stems
    .flatMap((stem) =>
      ['.js', '.ts', '.cjs', '.mjs', '.jsx', '.tsx', ''].map((extension) => stem + extension),
    )
    .find((path) => existsSync(path) && /\.[a-z]+$/.test(path))
}
