import { Environment } from '@marcbachmann/cel-js'
import type { ASTNode, ParseResult } from '@marcbachmann/cel-js'
import type { ErrorReport } from '../kernel/index.ts'
import type { StepStatus } from '../contracts/index.ts'
import type { JsonObject, JsonValue } from './ports.ts'

/** What the expressions of a step can see. */
export interface ExpressionScope {
  readonly inputs: JsonObject
  readonly steps: Readonly<Record<string, StepResult>>
  readonly item?: JsonValue
  readonly index?: number
}

export interface StepResult {
  readonly status: StepStatus
  readonly output: JsonValue
  readonly error: ErrorReport | null
}

/** A parsed and checked expression. */
export interface Expression {
  readonly source: string
  /** Ids of the steps it refers to; null when it takes `steps` as a whole or computes the id. */
  readonly steps: ReadonlySet<string> | null
  readonly inputs: ReadonlySet<string>
  /** Throws when it cannot be evaluated, for example because it reads a key that is not there. */
  evaluate(scope: ExpressionScope): JsonValue
}

export type ExpressionPlace = 'run' | 'item'

const limits = {
  maxAstNodes: 2000,
  maxDepth: 64,
  maxListElements: 1000,
  maxMapEntries: 1000,
  maxCallArguments: 16,
}

/** One environment for each place that expressions stand in; `item` and `index` exist only inside a fan-out. */
const environments: Readonly<Record<ExpressionPlace, Environment>> = {
  run: createEnvironment(),
  item: createEnvironment().registerVariable('item', 'dyn').registerVariable('index', 'int'),
}

function createEnvironment(): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits,
  })
    .registerVariable('inputs', 'dyn')
    .registerVariable('steps', 'dyn')
  // JSON knows one kind of number, CEL literals are integers: without these `inputs.count + 1` would be an error.
  const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  }
  for (const [operator, compute] of Object.entries(arithmetic)) {
    environment.registerOperator(`double ${operator} int`, (a: number, b: bigint) => compute(a, Number(b)))
    environment.registerOperator(`int ${operator} double`, (a: bigint, b: number) => compute(Number(a), b))
  }
  return environment
}

/** Parses and type-checks CEL. Throws an `Error` whose message says what is wrong and where in the expression. */
export function parseExpression(source: string, place: ExpressionPlace): Expression {
  const parsed: ParseResult = environments[place].parse(source)
  const checked = parsed.check()
  if (!checked.valid) throw checked.error ?? new Error('the expression is not valid')
  const references = collectReferences(parsed.ast)
  return {
    source,
    steps: references.dynamic ? null : references.steps,
    inputs: references.inputs,
    evaluate: ({ inputs, steps, item, index }) =>
      toJson(
        parsed(
          place === 'item'
            ? { inputs, steps, item: item ?? null, index: BigInt(index ?? 0) }
            : { inputs, steps },
        ),
      ),
  }
}

interface References {
  readonly steps: Set<string>
  readonly inputs: Set<string>
  dynamic: boolean
}

/** Finds `steps.<id>`, `steps["<id>"]` and `inputs.<name>`; any other use of `steps` counts as one of all of them. */
function collectReferences(root: ASTNode): References {
  const found: References = { steps: new Set(), inputs: new Set(), dynamic: false }
  visit(root, found)
  return found
}

function visit(node: ASTNode, found: References): void {
  if (node.op === '.' || node.op === '[]' || node.op === '.?' || node.op === '[?]') {
    const [object, key] = node.args
    const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : undefined
    if (object.op === 'id' && object.args === 'steps' && typeof name === 'string') {
      found.steps.add(name)
      return
    }
    if (object.op === 'id' && object.args === 'inputs' && typeof name === 'string') {
      found.inputs.add(name)
      return
    }
  }
  if (node.op === 'id' && node.args === 'steps') found.dynamic = true
  for (const child of childrenOf(node.args)) visit(child, found)
}

/** The operands of a node are nodes, literals, or (nested) arrays of both. */
function childrenOf(operands: unknown): readonly ASTNode[] {
  if (Array.isArray(operands)) return operands.flatMap((operand) => childrenOf(operand))
  return isNode(operands) ? [operands] : []
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

/** JSON of a CEL value: integers become numbers; what JSON cannot hold is refused. */
function toJson(value: unknown): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new Error('the expression yields a number that JSON cannot hold')
      return value
    case 'bigint':
      if (BigInt(Number(value)) !== value) throw new Error('the expression yields an integer beyond 2^53')
      return Number(value)
    case 'object': {
      if (value === null) return null
      if (Array.isArray(value)) return value.map(toJson)
      const entries =
        value instanceof Map ? [...value] : isPlainObject(value) ? Object.entries(value) : undefined
      if (entries !== undefined)
        return Object.fromEntries(entries.map(([key, member]) => [String(key), toJson(member)]))
    }
  }
  throw new Error('the expression yields something that JSON cannot hold')
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Replaces every string that starts with `=` by the value of the expression; other values stay. */
export type Template = (scope: ExpressionScope) => JsonValue

/**
 * Prepares a `with` value. `parse` is asked for every expression in it, with the path that leads to it, so that the
 * caller can say where a bad one stands.
 */
export function parseTemplate(
  value: JsonValue,
  parse: (source: string, path: readonly (string | number)[]) => Expression,
  path: readonly (string | number)[] = [],
): Template {
  if (typeof value === 'string') {
    if (!value.startsWith('=')) return () => value
    const expression = parse(value.slice(1), path)
    return (scope) => expression.evaluate(scope)
  }
  if (Array.isArray(value)) {
    const members = value.map((member, position) => parseTemplate(member, parse, [...path, position]))
    return (scope) => members.map((member) => member(scope))
  }
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(
      ([key, member]) => [key, parseTemplate(member, parse, [...path, key])] as const,
    )
    return (scope) => Object.fromEntries(members.map(([key, member]) => [key, member(scope)]))
  }
  return () => value
}
