import type { Adapter } from '../test-run.ts'
import { mocha } from './mocha.ts'
import { tap } from './tap.ts'
import { tape } from './tape.ts'

/** Adapters by the framework that they stand for. */
export const adapters: Readonly<Record<string, Adapter>> = { mocha, tap, tape }
