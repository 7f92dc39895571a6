import type { z } from 'zod'

/** What the studio itself saw of the agent's work. */
export interface SeenFacts {
  /** The tree is another than at the beginning. */
  readonly changed: boolean
  /** Tests that are known to fail. */
  readonly failing: readonly string[]
}

/** Says what in a result is not so, by what the studio saw. The model is told and may correct itself. */
type Contradiction<T> = (result: T, facts: SeenFacts) => string | undefined

/** A kind of result that agents answer with, by the name that agent files use. */
export interface ResultType {
  readonly name: string
  readonly schema: z.ZodType
  readonly contradiction: Contradiction<unknown>
}

/** Keeps the type of the schema for the check. */
export function resultType<T>(
  name: string,
  schema: z.ZodType<T>,
  contradiction: Contradiction<T> = () => undefined,
): ResultType {
  return { name, schema, contradiction: (result, facts) => contradiction(schema.parse(result), facts) }
}
