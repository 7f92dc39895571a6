import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import type { Program } from '../program.ts'

/** The settings of Jest that change what a test file sees. */
export interface JestConfiguration {
  readonly setupFiles: readonly string[]
  readonly setupFilesAfterEnv: readonly string[]
  readonly moduleNameMapper: readonly (readonly [RegExp, readonly string[]])[]
  readonly globals: Readonly<Record<string, unknown>>
  readonly snapshotFormat: unknown
  readonly resetMocks: boolean
  readonly clearMocks: boolean
  readonly restoreMocks: boolean
  /** Folders beside which `__mocks__` stands. */
  readonly roots: readonly string[]
}

const names = ['jest.config.js', 'jest.config.cjs', 'jest.config.mjs', 'jest.config.ts', 'jest.config.json']

/** Reads the configuration of the package as Jest would find it. Presets and projects are not followed. */
export async function readConfiguration(program: Program): Promise<JestConfiguration> {
  const { directory } = program
  const raw = await readRaw(program)
  const expand = (value: string): string => value.replaceAll('<rootDir>', directory)
  const files = (value: unknown): readonly string[] => stringsOf(value).map(expand)
  const mapper = Object.entries(recordOf(raw['moduleNameMapper'])).map(
    ([pattern, target]) => [new RegExp(pattern), stringsOf(target).map(expand)] as const,
  )
  return {
    setupFiles: files(raw['setupFiles']),
    setupFilesAfterEnv: [...files(raw['setupFilesAfterEnv']), ...files(raw['setupTestFrameworkScriptFile'])],
    moduleNameMapper: mapper,
    globals: recordOf(raw['globals']),
    snapshotFormat: raw['snapshotFormat'] ?? {},
    resetMocks: raw['resetMocks'] === true,
    clearMocks: raw['clearMocks'] === true,
    restoreMocks: raw['restoreMocks'] === true,
    roots: [directory, ...files(raw['roots'])].map((root) => join(directory, relative(directory, root))),
  }
}

async function readRaw(program: Program): Promise<Record<string, unknown>> {
  const { directory, root } = program
  for (const name of names) {
    const file = join(directory, name)
    if (!existsSync(file)) continue
    const loaded: unknown = name.endsWith('.json')
      ? JSON.parse(readFileSync(file, 'utf8'))
      : program.load(relative(root, file))
    const value = recordOf(loaded)['default'] ?? loaded
    const made: unknown = typeof value === 'function' ? await (value as () => unknown)() : value
    return recordOf(made)
  }
  const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
  return recordOf(recordOf(manifest)['jest'])
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function stringsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((item) => typeof item === 'string')
}
