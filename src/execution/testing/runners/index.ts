import type { TestFramework } from '../../../contracts/index.ts'
import { ava } from './ava.ts'
import { command } from './command.ts'
import { jasmine } from './jasmine.ts'
import { jest } from './jest.ts'
import { mocha } from './mocha.ts'
import { nodeTest } from './node-test.ts'
import { pytest } from './pytest.ts'
import type { Runner } from './runner.ts'
import { tap } from './tap.ts'
import { tape } from './tape.ts'
import { unittest } from './unittest.ts'
import { vitest } from './vitest.ts'

/** Every test runner that the studio knows. */
export const runners: Readonly<Record<TestFramework, Runner>> = {
  vitest,
  jest,
  mocha,
  tap,
  tape,
  ava,
  jasmine,
  'node:test': nodeTest,
  pytest,
  unittest,
  command,
}

export type { Execution, PlanRequest, Runner, TestSelection } from './runner.ts'
