/** Puts functions where test files look for them, for as long as the work takes. */
export async function withGlobals<T>(
  values: Readonly<Record<string, unknown>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = new Map<string, PropertyDescriptor | undefined>()
  for (const [name, value] of Object.entries(values)) {
    before.set(name, Object.getOwnPropertyDescriptor(globalThis, name))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true })
  }
  try {
    return await work()
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, descriptor)
    }
  }
}

const shared: readonly object[] = [
  globalThis,
  console,
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  RegExp.prototype,
  Date.prototype,
  Map.prototype,
  Set.prototype,
  Promise.prototype,
  Error.prototype,
  Buffer.prototype,
  Object,
  Array,
  Date,
  Error,
  Math,
  JSON,
  Reflect,
]

const processEvents = ['uncaughtException', 'unhandledRejection', 'exit', 'beforeExit', 'SIGINT', 'SIGTERM']
const processFunctions = ['exit', 'nextTick', 'hrtime', 'kill', 'emitWarning', 'cwd', 'on', 'emit'] as const

/** Own properties of something shared. Accessors are kept but not compared: reading a lazy global would load it. */
interface Kept {
  readonly owner: object
  readonly before: ReadonlyMap<PropertyKey, PropertyDescriptor>
  readonly values: readonly (readonly [PropertyKey, unknown])[]
}

function keep(owner: object): Kept {
  const before = new Map<PropertyKey, PropertyDescriptor>()
  const values: [PropertyKey, unknown][] = []
  for (const key of Reflect.ownKeys(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key)
    if (descriptor === undefined) continue
    before.set(key, descriptor)
    if ('value' in descriptor && descriptor.configurable === true) values.push([key, descriptor.value])
  }
  return { owner, before, values }
}

/**
 * What all code of a process shares and a test or a broken candidate may leave changed: globals, built-in
 * prototypes, the environment, the working directory. Taken once and put back after each candidate.
 */
export class Surroundings {
  readonly #properties = shared.map(keep)
  readonly #environment = { ...environment() }
  readonly #directory = process.cwd()
  readonly #arguments = [...process.argv]
  readonly #listeners = processEvents.map((event) => ({ event, before: listenersOf(event) }))
  readonly #functions = processFunctions.map((name) => ({
    name,
    before: Reflect.get(process, name) as unknown,
  }))

  restore(): void {
    for (const kept of this.#properties) restoreProperties(kept)
    restoreEnvironment(environment(), this.#environment)
    if (process.cwd() !== this.#directory) process.chdir(this.#directory)
    process.argv.splice(0, process.argv.length, ...this.#arguments)
    process.exitCode = undefined
    for (const { name, before } of this.#functions) {
      if (Reflect.get(process, name) !== before) Reflect.set(process, name, before)
    }
    for (const { event, before } of this.#listeners) {
      for (const listener of listenersOf(event)) {
        if (!before.includes(listener)) process.removeListener(event, listener)
      }
    }
  }
}

type Listener = (...values: unknown[]) => void

function listenersOf(event: string): readonly Listener[] {
  return process.listeners(event as 'exit') as readonly Listener[]
}

/** The tests see the environment that the sandbox gave them. */
function environment(): NodeJS.ProcessEnv {
  const { env } = process
  return env
}

function restoreProperties({ owner, before, values }: Kept): void {
  const keys = Reflect.ownKeys(owner)
  if (keys.length !== before.size || !keys.every((key) => before.has(key))) {
    for (const key of keys) if (!before.has(key)) Reflect.deleteProperty(owner, key)
  }
  for (const [key, value] of values) {
    if (!Object.is(Reflect.get(owner, key), value) || !Object.hasOwn(owner, key)) {
      const descriptor = before.get(key)
      if (descriptor !== undefined) Reflect.defineProperty(owner, key, descriptor)
    }
  }
}

function restoreEnvironment(target: NodeJS.ProcessEnv, before: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(target))
    if (!Object.hasOwn(before, name)) Reflect.deleteProperty(target, name)
  for (const [name, value] of Object.entries(before)) if (target[name] !== value) target[name] = value
}
