import { z } from 'zod'
import type { Operation } from '../../src/contracts/api/index.ts'

/** Draws what an attacker would try. The same seed draws the same. */
export interface Chance {
  /** 0 … below `bound`. */
  below(bound: number): number
  of<T>(choices: readonly T[]): T
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0
  // Mulberry32 (Tommy Ettinger): small, and even enough to choose with.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return { below, of: (choices) => choices[below(choices.length)]! }
}

export interface DrawnRequest {
  readonly method: string
  /** With path and query. */
  readonly path: string
  readonly body: unknown
}

interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly format?: string
}

/** A request of an operation, made from its schemas alone; `strings` are ids and texts to put where strings belong. */
export function drawRequest(operation: Operation, chance: Chance, strings: readonly string[]): DrawnRequest {
  const draw = (schema: z.ZodType | undefined): unknown =>
    schema === undefined
      ? undefined
      : drawValue(
          z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
          chance,
          strings,
        )
  const params = (draw(operation.params) ?? {}) as Record<string, unknown>
  const query = (draw(operation.query) ?? {}) as Record<string, unknown>
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  )
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return {
    method: operation.method,
    path: search.size === 0 ? path : `${path}?${search.toString()}`,
    body: draw(operation.body),
  }
}

function drawValue(schema: JsonSchema, chance: Chance, strings: readonly string[]): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return chance.of(schema.enum)
  const either = schema.anyOf ?? schema.oneOf
  if (either !== undefined) return drawValue(chance.of(either), chance, strings)
  switch (schema.type) {
    case 'object':
      return drawObject(schema, chance, strings)
    case 'array': {
      const count = Math.max(schema.minItems ?? 0, chance.below(3))
      return Array.from({ length: count }, () => drawValue(schema.items ?? {}, chance, strings))
    }
    case 'integer':
    case 'number': {
      const least = Math.max(schema.minimum ?? 0, 0)
      return least + chance.below(Math.min(schema.maximum ?? 100, 100) - least + 1)
    }
    case 'boolean':
      return chance.below(2) === 0
    case 'null':
      return null
    default:
      return schema.format === 'date-time'
        ? new Date(chance.below(2 ** 31) * 1000).toISOString()
        : chance.of(strings)
  }
}

function drawObject(schema: JsonSchema, chance: Chance, strings: readonly string[]): object {
  const drawn = Object.entries(schema.properties ?? {})
    .filter(([name]) => (schema.required ?? []).includes(name) || chance.below(2) === 0)
    .map(([name, member]) => [name, drawValue(member, chance, strings)])
  return Object.fromEntries(drawn) as object
}
