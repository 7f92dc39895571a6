import type { z } from 'zod'

/** A kind of result that agents answer with, by the name that agent files use. */
export interface ResultType {
  readonly name: string
  readonly schema: z.ZodType
  /** What in the result is not so, by what the studio itself saw; told to the model, which may correct itself. */
  contradiction?(
    result: unknown,
    facts: { readonly changed: boolean; readonly failing: readonly string[] },
  ): string | undefined
}

/** Keeps the type of the schema for the check. */
export function resultType<T>(type: {
  readonly name: string
  readonly schema: z.ZodType<T>
  contradiction?(
    result: T,
    facts: { readonly changed: boolean; readonly failing: readonly string[] },
  ): string | undefined
}): ResultType {
  const { contradiction } = type
  return {
    name: type.name,
    schema: type.schema,
    ...(contradiction && {
      contradiction: (result, facts) => contradiction(type.schema.parse(result), facts),
    }),
  }
}
