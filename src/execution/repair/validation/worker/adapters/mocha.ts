import type { Program } from '../program.ts'
import { SkipTest, SpecTree } from '../spec-tree.ts'
import type { Body, HookKind, Mode } from '../spec-tree.ts'
import { withGlobals } from '../surroundings.ts'
import { loadFile } from '../test-run.ts'
import type { Adapter } from '../test-run.ts'

/** Mocha's `bdd` and `tdd` interfaces. */
export const mocha: Adapter = {
  run(program: Program, file, selection, observer, limits) {
    const tree = new SpecTree({ context: createContext, parameters: () => [] })
    const api = mochaApi(tree)
    program.reset((request) => (request === 'mocha' ? { exports: api } : undefined))
    return withGlobals(api, async () => {
      const failure = await loadFile(program, file)
      return failure === null
        ? { tests: await tree.run(selection, observer, limits) }
        : { tests: [], failure }
    })
  },
}

function createContext(): object {
  const context = {
    timeout: () => context,
    slow: () => context,
    retries: () => context,
    skip: () => {
      throw new SkipTest()
    },
  }
  return context
}

function mochaApi(tree: SpecTree): Record<string, unknown> {
  const describe = (mode: Mode) => (name: string, body?: Body) => {
    tree.describe(name, body, mode)
    return createContext()
  }
  const it = (mode: Mode) => (name: string, body?: Body) => {
    tree.it(name, body, mode)
    return createContext()
  }
  const hook = (kind: HookKind) => (first: unknown, second?: Body) => {
    const body = typeof first === 'function' ? (first as Body) : second
    if (body !== undefined) tree.hook(kind, body)
  }
  const suite = Object.assign(describe('run'), { only: describe('only'), skip: describe('skip') })
  const spec = Object.assign(it('run'), { only: it('only'), skip: it('skip') })
  return {
    describe: suite,
    context: suite,
    suite,
    xdescribe: describe('skip'),
    xcontext: describe('skip'),
    it: spec,
    specify: spec,
    test: spec,
    xit: it('skip'),
    xspecify: it('skip'),
    before: hook('beforeAll'),
    after: hook('afterAll'),
    beforeEach: hook('beforeEach'),
    afterEach: hook('afterEach'),
    suiteSetup: hook('beforeAll'),
    suiteTeardown: hook('afterAll'),
    setup: hook('beforeEach'),
    teardown: hook('afterEach'),
    run: () => undefined,
  }
}
