import type { RepairProblem } from '../model.ts'
import { python } from '../python/index.ts'
import { javascript } from './javascript.ts'
import type { Language } from './language.ts'

/** Every language that is repaired. To add one: an adapter, a worker and a line here. */
const languages: readonly Language[] = [javascript, python]

/** The language of a problem: that of the failing tests, or else of the most sources. */
export function languageOf({ reproduction, sources }: RepairProblem): Language {
  const count = (language: Language, paths: readonly string[]): number =>
    paths.filter((path) => language.reads(path)).length
  const sourcePaths = sources.map(({ path }) => path)
  const weight = (language: Language): number =>
    count(language, reproduction.failingFiles) * 1_000_000 + count(language, sourcePaths)
  return languages.reduce((best, language) => (weight(language) > weight(best) ? language : best), javascript)
}

/** Whether any language reads a file. */
export function isRepairable(path: string): boolean {
  return languages.some((language) => language.reads(path))
}

export type { Language, Survey } from './language.ts'
