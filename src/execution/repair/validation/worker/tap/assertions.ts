import { isThenable } from '../test-run.ts'
import type { TapComparison } from './comparison.ts'

/** The assertions of tap's `t`, over the comparison of the project's own version. */
export abstract class TapAssertions {
  readonly comparison: TapComparison

  constructor(comparison: TapComparison) {
    this.comparison = comparison
  }

  /** Takes the result of one assertion; returns whether it counts as passed. */
  protected abstract report(
    isOk: boolean,
    fallback: string,
    message: unknown,
    extra: unknown,
    error?: unknown,
  ): boolean

  pass(message?: unknown, extra?: unknown): boolean {
    return this.report(true, '(unnamed test)', message, extra)
  }

  fail(message?: unknown, extra?: unknown): boolean {
    return this.report(false, '(unnamed test)', message, extra)
  }

  ok(value: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(Boolean(value), 'expect truthy value', message, extra)
  }

  notOk(value: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(!value, 'expect falsey value', message, extra)
  }

  error(error: unknown, message?: unknown, extra?: unknown): boolean {
    const fallback = error instanceof Error ? error.message : 'should not error'
    return this.report(!error, fallback, message, extra, error)
  }

  equal(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(found === wanted, 'should be equal', message, extra)
  }

  not(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(found !== wanted, 'should not be equal', message, extra)
  }

  same(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(this.comparison.same(found, wanted), 'should be equivalent', message, extra)
  }

  notSame(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(!this.comparison.same(found, wanted), 'should not be equivalent', message, extra)
  }

  strictSame(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(this.comparison.strict(found, wanted), 'should be equivalent strictly', message, extra)
  }

  strictNotSame(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(
      !this.comparison.strict(found, wanted),
      'should not be equivalent strictly',
      message,
      extra,
    )
  }

  match(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(this.comparison.match(found, wanted), 'should match pattern provided', message, extra)
  }

  notMatch(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(
      !this.comparison.match(found, wanted),
      'should not match pattern provided',
      message,
      extra,
    )
  }

  has(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(
      this.comparison.has(found, wanted),
      'should contain all provided fields',
      message,
      extra,
    )
  }

  notHas(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    return this.report(
      !this.comparison.has(found, wanted),
      'should not contain all provided fields',
      message,
      extra,
    )
  }

  hasStrict(found: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    const isOk = this.comparison.hasStrict(found, wanted)
    return this.report(isOk, 'should contain all provided fields strictly', message, extra)
  }

  hasProp(found: unknown, wanted: string, message?: unknown, extra?: unknown): boolean {
    return this.hasProps(found, [wanted], message, extra)
  }

  hasProps(found: unknown, wanted: Iterable<string>, message?: unknown, extra?: unknown): boolean {
    const isOk = [...wanted].every((name) => propertyOf(found, name) !== undefined)
    return this.report(isOk, 'should have the named properties', message, extra)
  }

  hasOwnProp(found: unknown, wanted: string, message?: unknown, extra?: unknown): boolean {
    return this.hasOwnProps(found, [wanted], message, extra)
  }

  hasOwnProps(found: unknown, wanted: Iterable<string>, message?: unknown, extra?: unknown): boolean {
    const isOk = [...wanted].every(
      (name) => Object.hasOwn(Object(found) as object, name) && propertyOf(found, name) !== undefined,
    )
    return this.report(isOk, 'should have the named own properties', message, extra)
  }

  type(value: unknown, wanted: unknown, message?: unknown, extra?: unknown): boolean {
    const name = typeof wanted === 'function' ? wanted.name : String(wanted)
    return this.report(isOfType(value, wanted), `type is ${name}`, message, extra)
  }

  throws(...parameters: readonly unknown[]): unknown {
    const { subject, wanted, message, extra } = expectation(parameters)
    if (typeof subject !== 'function') return this.pass(message, { todo: true })
    try {
      Reflect.apply(subject, undefined, [])
    } catch (error) {
      return this.#meets(error, wanted, message ?? 'expected to throw', extra) && error
    }
    return this.report(false, 'expected to throw', message, extra)
  }

  doesNotThrow(...parameters: readonly unknown[]): boolean {
    const subject = parameters.find((parameter) => typeof parameter === 'function')
    const message = parameters.find((parameter) => typeof parameter === 'string')
    if (subject === undefined) return this.pass(message, { todo: true })
    try {
      Reflect.apply(subject, undefined, [])
      return this.report(true, 'expected to not throw', message, undefined)
    } catch (error) {
      return this.report(false, 'expected to not throw', message, undefined, error)
    }
  }

  async rejects(...parameters: readonly unknown[]): Promise<unknown> {
    const { subject, wanted, message, extra } = expectation(parameters)
    try {
      const promise: unknown = typeof subject === 'function' ? Reflect.apply(subject, undefined, []) : subject
      if (isThenable(promise)) await promise
    } catch (error) {
      return this.#meets(error, wanted, message ?? 'expect rejected Promise', extra) && error
    }
    return this.report(false, 'expect rejected Promise', message, extra)
  }

  async resolves(subject: unknown, message?: unknown, extra?: unknown): Promise<boolean> {
    try {
      const promise: unknown = typeof subject === 'function' ? Reflect.apply(subject, undefined, []) : subject
      await promise
      return this.report(true, 'expect resolving Promise', message, extra)
    } catch (error) {
      return this.report(false, 'expect resolving Promise', message, extra, error)
    }
  }

  async resolveMatch(
    subject: unknown,
    wanted: unknown,
    message?: unknown,
    extra?: unknown,
  ): Promise<boolean> {
    try {
      const promise: unknown = typeof subject === 'function' ? Reflect.apply(subject, undefined, []) : subject
      return this.match(await promise, wanted, message, extra)
    } catch (error) {
      return this.report(false, 'expect resolving Promise', message, extra, error)
    }
  }

  #meets(error: unknown, wanted: unknown, message: unknown, extra: unknown): boolean {
    if (wanted === undefined) return this.report(true, 'expected to throw', message, extra)
    if (error instanceof Error) {
      // The comparison only looks at own properties.
      Reflect.defineProperty(error, 'name', {
        value: error.name,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    const found = wanted instanceof RegExp && error instanceof Error ? error.message : error
    return this.report(this.comparison.match(found, wanted), 'expected to throw', message, extra, error)
  }
}

function propertyOf(value: unknown, name: string): unknown {
  return value === null || value === undefined
    ? undefined
    : (Reflect.get(Object(value) as object, name) as unknown)
}

function isOfType(value: unknown, wanted: unknown): boolean {
  if (value === wanted) return true
  const type = value === null ? 'null' : typeof value
  const isObject =
    type === 'object' || (type === 'function' && typeof wanted === 'function' && wanted !== Object)
  if (isObject && wanted !== 'object') {
    if (typeof wanted === 'function') return value instanceof wanted
    for (let at: unknown = value; at !== null && at !== undefined; at = Object.getPrototypeOf(at)) {
      const made = (at as { constructor?: { name?: string } }).constructor?.name
      if (at === wanted || made === wanted) return true
    }
  }
  return type === (typeof wanted === 'function' ? wanted.name : wanted)
}

interface Expectation {
  readonly subject: unknown
  readonly wanted: unknown
  readonly message: string | undefined
  readonly extra: unknown
}

/** Sorts the parameters of `throws` and `rejects`, which may come in many orders. */
function expectation(parameters: readonly unknown[]): Expectation {
  let subject: unknown
  let wanted: unknown
  let message: string | undefined
  let extra: unknown
  for (const parameter of parameters) {
    if (typeof parameter === 'function' && isErrorClass(parameter)) wanted = parameter
    else if (typeof parameter === 'function' || isThenable(parameter)) subject ??= parameter
    else if (typeof parameter === 'string') message = parameter
    else if (typeof parameter === 'object' && parameter !== null) {
      if (wanted === undefined) wanted = parameter
      else extra = parameter
    }
  }
  return { subject, wanted: wanted instanceof Error ? shapeOf(wanted) : wanted, message, extra }
}

function isErrorClass(value: object): boolean {
  return value === Error || (value as { prototype?: unknown }).prototype instanceof Error
}

function shapeOf(error: Error): object {
  const named = error.name === '' ? {} : { name: error.name }
  return Object.assign({}, error, { message: error.message }, named)
}
