/** Names that every answer may use without capturing them. */
export const givenNames = ['last', 'results', 'turn', 'model'] as const
export type GivenName = (typeof givenNames)[number]

const placeholder = /\{\{(\w+)\}\}/g

/** Names that stand as `{{name}}` in any text of a value. */
export function namesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [...value.matchAll(placeholder)].map(([, name = '']) => name)
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(namesIn)
}

/** A text with values in their places. */
export function filled(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(placeholder, (whole, name: string) => values.get(name) ?? whole)
}

/** A value with all its texts filled. */
export function filledDeep(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return filled(value, values)
  if (Array.isArray(value)) return value.map((member) => filledDeep(member, values))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, filledDeep(member, values)]))
}
