import type { Adapter } from '../test-run.ts'
import { jasmine } from './jasmine.ts'
import { jest } from './jest.ts'
import { mocha } from './mocha.ts'
import { nodeTest } from './node-test.ts'
import { tap } from './tap.ts'
import { tape } from './tape.ts'
import { vitest } from './vitest.ts'

/** Adapters by the framework that they stand for. */
export const adapters: Readonly<Record<string, Adapter>> = {
  'node:test': nodeTest,
  jasmine,
  jest,
  mocha,
  tap,
  tape,
  vitest,
}
