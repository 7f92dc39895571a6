import type { TestCase } from '../../../contracts/index.ts'
import type { TestPath, WireTest } from './protocol.ts'
import { topLevel } from './worker/test-run.ts'

/** The id by which a report of the project's own runner knows a test; see {@link TestCase.id}. */
export function idOf(test: TestPath): string {
  const suffix = test.occurrence === 1 ? '' : ` #${test.occurrence}`
  const isFile = test.names.length === 1 && test.names[0] === topLevel
  return isFile ? test.file : `${[test.file, ...test.names].join(' > ')}${suffix}`
}

/** Ids without differences in white space and letters that runners print in their own way. */
function normalised(id: string): string {
  return id.replaceAll(/\s+/g, ' ').trim()
}

/** Finds the tests of a report among those that ran in a worker. */
export function matchTests(
  cases: readonly TestCase[],
  ran: readonly WireTest[],
): ReadonlyMap<string, WireTest> {
  const byId = new Map(ran.map((test) => [normalised(idOf(test)), test]))
  const matches = new Map<string, WireTest>()
  for (const test of cases) {
    const found = byId.get(normalised(test.id))
    if (found !== undefined) matches.set(test.id, found)
  }
  return matches
}
