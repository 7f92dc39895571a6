import { z } from 'zod'

/** What a linter complains about. */
export const problemSchema = z.object({
  /** Relative to the repository's root. */
  file: z.string(),
  line: z.number(),
  rule: z.string(),
  message: z.string(),
  /** Whether the linter says that it can fix it without changing what the code does. */
  fixable: z.boolean(),
})
export type Problem = z.infer<typeof problemSchema>

/** How often each rule is broken, most often first. */
export function byRule(problems: readonly Problem[]): ReadonlyMap<string, number> {
  const counts = [...Map.groupBy(problems, ({ rule }) => rule)].map(
    ([rule, list]) => [rule, list.length] as const,
  )
  return new Map(counts.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)))
}

/** Rules of files that are broken more often after than before, as `file: rule`. */
export function newProblems(before: readonly Problem[], after: readonly Problem[]): readonly Problem[] {
  const placeOf = ({ file, rule }: Problem): string => `${file}\n${rule}`
  const known = Map.groupBy(before, placeOf)
  return [...Map.groupBy(after, placeOf)].flatMap(([place, list]) => {
    const more = list.length - (known.get(place)?.length ?? 0)
    return more > 0 ? list.slice(-more) : []
  })
}
