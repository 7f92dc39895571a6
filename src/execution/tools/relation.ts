import type { Intent, TestCase } from '../../contracts/index.ts'
import { fileKind } from '../repository/index.ts'

/**
 * Why failing tests are taken to show what a work item is about. `named`: it names these tests or what they show;
 * `recent`: the base revision itself brought or changed their files; `assumed`: there is nothing to tell the failing
 * tests apart.
 */
export const relations = ['named', 'recent', 'assumed', 'shown'] as const
type Relation = (typeof relations)[number]

/**
 * Which failing tests the work item is about: those it names by test, file or most of their title, and those in files
 * that the base revision itself changed, as when somebody has just written them. If there are none of either, all.
 */
export function relateToIntent(
  failing: readonly TestCase[],
  intent: Intent,
  recentFiles: ReadonlySet<string>,
): {
  readonly related: readonly TestCase[]
  readonly unrelated: readonly TestCase[]
  readonly relation: Relation
} {
  const text =
    `${intent.goal}\n${intent.acceptanceCriteria.join('\n')}\n${intent.tests.join('\n')}`.toLowerCase()
  const isNamed = (test: TestCase): boolean =>
    intent.tests.some((name) => test.id.includes(name) || test.name === name) ||
    intent.files.some(
      (file) => test.file !== undefined && (test.file === file || test.file.endsWith(`/${file}`)),
    ) ||
    (test.name.length >= 12 && text.includes(test.name.toLowerCase()))
  const isRecent = ({ file }: TestCase): boolean => file !== undefined && recentFiles.has(file)
  const related = failing.filter((test) => isNamed(test) || isRecent(test))
  if (related.length === 0) return { related: failing, unrelated: [], relation: 'assumed' }
  const unrelated = failing.filter((test) => !related.includes(test))
  return { related, unrelated, relation: related.some(isNamed) ? 'named' : 'recent' }
}

/**
 * Of the files that the base revision changed, those that hold tests. None where it changed other files of the tests as
 * well, data or helpers: any test may depend on them.
 */
export function recentTestFiles(
  changed: readonly string[],
  testFiles: readonly string[],
): ReadonlySet<string> {
  const ofTests = changed.filter((path) => testFiles.includes(path) || fileKind(path) === 'test')
  return new Set(ofTests.every((path) => testFiles.includes(path)) ? ofTests : [])
}
