import type { Program } from '../program.ts'
import { exportOf, loadProjectPackage } from '../project-packages.ts'
import type { Mocker } from './mocker.ts'
import type { ModuleMocks } from './module-mocks.ts'

interface FakeTimers {
  useFakeTimers(options?: unknown): void
  useRealTimers(): void
}

type Callable = (...parameters: readonly unknown[]) => unknown

const timerMethods = [
  'advanceTimersByTime',
  'advanceTimersByTimeAsync',
  'advanceTimersToNextTimer',
  'advanceTimersToNextTimerAsync',
  'clearAllTimers',
  'getRealSystemTime',
  'getTimerCount',
  'now',
  'runAllImmediates',
  'runAllTicks',
  'runAllTimers',
  'runAllTimersAsync',
  'runOnlyPendingTimers',
  'runOnlyPendingTimersAsync',
  'setSystemTime',
] as const

/** Makes `jest` for one test file; `dispose` puts real timers and functions back. */
export function jestObject(
  program: Program,
  mocker: Mocker,
  modules: ModuleMocks,
): { readonly api: object; readonly dispose: () => void } {
  let timers: FakeTimers | undefined
  const fakeTimers = (): FakeTimers => (timers ??= loadTimers(program.directory))
  const method = (name: string): unknown => {
    const found: unknown = Reflect.get(mocker.instance, name)
    return typeof found === 'function' ? (found.bind(mocker.instance) as unknown) : undefined
  }
  const chained =
    (work: Callable) =>
    (...parameters: readonly unknown[]) => {
      work(...parameters)
      return api
    }
  const mockModule = chained((request, factory) => {
    modules.mock(
      String(request),
      callerOf(),
      typeof factory === 'function' ? (factory as () => unknown) : undefined,
    )
  })
  const unmockModule = chained((request) => {
    modules.unmock(String(request), callerOf())
  })
  const api: Record<string, unknown> = {
    fn: method('fn'),
    spyOn: method('spyOn'),
    replaceProperty: method('replaceProperty'),
    isMockFunction: method('isMockFunction'),
    mocked: (value: unknown) => value,
    genMockFunction: method('fn'),
    clearAllMocks: chained(() => mocker.clearAllMocks()),
    resetAllMocks: chained(() => mocker.resetAllMocks()),
    restoreAllMocks: chained(() => mocker.restoreAllMocks()),
    mock: mockModule,
    doMock: mockModule,
    setMock: chained((request, exports) => modules.mock(String(request), callerOf(), () => exports)),
    unmock: unmockModule,
    dontMock: unmockModule,
    deepUnmock: unmockModule,
    requireActual: (request: string) => program.requireActual(request, callerOf()),
    requireMock: (request: string) => mocker.standIn(program.requireActual(request, callerOf())),
    createMockFromModule: (request: string) => mocker.standIn(program.requireActual(request, callerOf())),
    resetModules: chained(() => {
      program.forget()
      modules.reset()
    }),
    isolateModules: chained((work) => {
      program.apart(() => (work as () => void)())
    }),
    setTimeout: chained(() => undefined),
    retryTimes: chained(() => undefined),
    useFakeTimers: chained((options) => fakeTimers().useFakeTimers(options)),
    useRealTimers: chained(() => timers?.useRealTimers()),
  }
  for (const name of timerMethods) {
    api[name] = (...parameters: readonly unknown[]) => {
      const found: unknown = Reflect.get(fakeTimers(), name)
      return typeof found === 'function'
        ? (Reflect.apply(found, fakeTimers(), parameters) as unknown)
        : undefined
    }
  }
  return {
    api,
    dispose: () => {
      timers?.useRealTimers()
      mocker.restoreAllMocks()
    },
  }
}

function loadTimers(directory: string): FakeTimers {
  const owners = ['jest', '@jest/core', 'jest-cli', 'jest-config', 'jest-environment-node']
  const loaded = loadProjectPackage(directory, '@jest/fake-timers', owners)
  const constructor = exportOf(loaded, 'ModernFakeTimers')
  if (typeof constructor !== 'function') throw new Error('the project has no fake timers that can be used')
  const options = { config: { fakeTimers: {}, rootDir: directory }, global: globalThis }
  const timers: unknown = Reflect.construct(constructor, [options])
  return timers as FakeTimers
}

/** File from which a method of `jest` was called: requests are relative to it. */
function callerOf(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  const outside = frames.find((line) => !line.includes('/validation/worker/'))
  return (
    /\(?((?:\/|file:\/\/)[^():]+):\d+:\d+\)?$/.exec(outside?.trim() ?? '')?.[1]?.replace(/^file:\/\//, '') ??
    ''
  )
}
