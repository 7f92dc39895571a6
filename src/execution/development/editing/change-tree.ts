import type { ToolContext } from '../../../contracts/index.ts'
import { type FileChange, isTestPath, type Repository } from '../../repository/index.ts'
import type { DeveloperOutput } from '../agent-tool.ts'
import { developmentErrors } from '../errors.ts'
import { type DevelopmentPlaces } from '../places.ts'
import { numberedLines, splitLines } from '../reading/numbered-lines.ts'
import { defaultProtectedPaths, isProtected } from '../workspace-path.ts'
import { syntaxProblem } from './syntax.ts'

/** A text file before and after a change; null where it does not exist. */
export interface TextChange {
  readonly path: string
  readonly before: string | null
  readonly after: string
}

/** @throws `ATL_DEVELOP_PATH_PROTECTED` */
export function refuseProtected(
  { protectedPaths = defaultProtectedPaths }: DevelopmentPlaces,
  path: string,
): void {
  if (isProtected(path, protectedPaths)) throw developmentErrors.PATH_PROTECTED({ detail: path })
}

/**
 * Refuses texts that no longer parse and did before. A text that did not parse before may be on its way to do so.
 *
 * @throws `ATL_DEVELOP_NO_LONGER_PARSES`, with the lines around the place
 */
export async function refuseBroken({ path, before, after }: TextChange): Promise<void> {
  const problem = await syntaxProblem(path, after)
  if (problem === undefined) return
  if (before !== null && (await syntaxProblem(path, before)) !== undefined) return
  const lines = splitLines(after)
  const first = Math.max(1, problem.line - 3)
  const { text } = numberedLines(lines, first, Math.min(lines.length, problem.line + 3))
  throw developmentErrors.NO_LONGER_PARSES({
    detail: `${path}:${problem.line}:${problem.column}: ${problem.message}\nAfter the edit it would read\n${text}`,
  })
}

const longestPatch = 6_000

/** Puts changes into the tree and says what they did. */
export async function changeTree(
  places: DevelopmentPlaces,
  repository: Repository,
  tree: string,
  changes: readonly FileChange[],
  context: Pick<ToolContext, 'report'>,
): Promise<DeveloperOutput> {
  for (const { path } of changes) refuseProtected(places, path)
  const paths = changes.map(({ path }) => path).toSorted()
  context.report(`changing ${paths.slice(0, 3).join(', ')}`)
  const { protectedPaths = defaultProtectedPaths } = places
  // Only whole files are moved and deleted here besides text, whose content is what it was.
  const result = await repository.applyFileChanges(tree, changes, {
    refusedPaths: protectedPaths,
    binaryFiles: 'allowed',
    symbolicLinks: 'allowed',
  })
  if (result === tree) throw developmentErrors.NOTHING_CHANGES({ detail: paths.join(', ') })
  const patch = await repository.diff(tree, result)
  return { tree: result, changed: paths, text: `${describe(patch)}${noteOnTests(paths)}` }
}

function describe(patch: string): string {
  const body = patch
    .split('\n')
    .filter((line) => !/^(?:index |diff --git )/.test(line))
    .join('\n')
    .trimEnd()
  return body.length <= longestPatch
    ? `Changed:\n${body}`
    : `Changed; the diff begins with\n${body.slice(0, longestPatch)}\n[cut off]`
}

/** What somebody who changes tests has to know (I8). */
export function noteOnTests(paths: readonly string[]): string {
  const tests = paths.filter((path) => isTestPath(path))
  if (tests.length === 0) return ''
  const named = tests.slice(0, 5).join(', ') + (tests.length > 5 ? ', …' : '')
  return `\n\nNote: ${named} belong${tests.length === 1 ? 's' : ''} to the tests. The verdict is reached with the tests as they were before; changed tests are judged apart.`
}
