import type { Adapter } from '../test-run.ts'
import { jest } from './jest.ts'
import { mocha } from './mocha.ts'
import { nodeTest } from './node-test.ts'
import { tap } from './tap.ts'
import { tape } from './tape.ts'

/** Adapters by the framework that they stand for. */
export const adapters: Readonly<Record<string, Adapter>> = {
  'node:test': nodeTest,
  jest,
  mocha,
  tap,
  tape,
}
