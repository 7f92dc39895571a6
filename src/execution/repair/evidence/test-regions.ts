import type { TestCase } from '../../../contracts/index.ts'
import type { SourceFile } from '../model.ts'
import { buildTree, isSite } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'

/** A part of a test file, with how much it says about the fault: 1 for new lines of a failing test. */
export interface TestRegion {
  readonly tree: SourceTree
  readonly start: number
  readonly end: number
  readonly weight: number
}

const weightOf = { newLine: 1, failingTest: 0.7, newLineElsewhere: 0.5, file: 0.15 } as const

/**
 * Finds the source of the failing tests: calls whose first argument is the test's name. Where no test is found by its
 * name the whole file counts, but little.
 */
export function testRegions(
  files: readonly SourceFile[],
  failing: readonly TestCase[],
  newLines: Readonly<Record<string, readonly number[]>> = {},
): readonly TestRegion[] {
  return files.flatMap((file) => {
    const tree = buildTree(file)
    return tree === null ? [] : regionsOf(tree, failing, new Set(newLines[file.path] ?? []))
  })
}

function regionsOf(
  tree: SourceTree,
  failing: readonly TestCase[],
  newLines: ReadonlySet<number>,
): readonly TestRegion[] {
  const names = failing
    .filter((test) => test.file === undefined || sameFile(test.file, tree.path))
    .map((test) => test.name)
  if (names.length === 0 && newLines.size === 0) return []
  const calls = tree.sites.filter((site) => isTestCall(site) && names.some((name) => isNamed(site, name)))
  // The outermost describe block of a failing test says less than the test itself.
  const tests = calls.filter((call) => !calls.some((other) => other !== call && contains(call, other)))
  const regions = tests.map((site): TestRegion => {
    return { tree, start: site.start, end: site.end, weight: weightOf.failingTest }
  })
  for (const statement of tree.sites) {
    if (!newLines.has(tree.lineOf(statement.start)) || !isSmall(tree, statement)) continue
    const inside = tests.length === 0 || tests.some((test) => contains(test, statement))
    regions.push({
      tree,
      start: statement.start,
      end: statement.end,
      weight: inside ? weightOf.newLine : weightOf.newLineElsewhere,
    })
  }
  if (regions.length === 0) {
    regions.push({ tree, start: 0, end: tree.text.length, weight: weightOf.file })
  }
  return regions
}

function isTestCall(site: Site): site is Site<Extract<Site['node'], { type: 'CallExpression' }>> {
  return isSite(site, 'CallExpression') && site.node.arguments.length > 1
}

function isNamed(site: Site, name: string): boolean {
  if (!isSite(site, 'CallExpression')) return false
  const title = site.node.arguments[0]
  const value =
    title?.type === 'StringLiteral'
      ? title.value
      : title?.type === 'TemplateLiteral'
        ? (title.quasis[0]?.value.raw ?? '')
        : ''
  if (value.trim() === '') return false
  return name === value || (value.length > 3 && name.includes(value))
}

function isSmall(tree: SourceTree, site: Site): boolean {
  return site.node.type !== 'Program' && tree.lineOf(site.end) - tree.lineOf(site.start) < 3
}

function contains(outer: Site, inner: Site): boolean {
  return outer.start <= inner.start && inner.end <= outer.end
}

function sameFile(left: string, right: string): boolean {
  return left === right || left.endsWith(`/${right}`) || right.endsWith(`/${left}`)
}
