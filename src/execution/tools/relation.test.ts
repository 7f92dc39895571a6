import { expect, it } from 'vitest'
import type { Intent, TestCase } from '../../contracts/index.ts'
import { recentTestFiles, relateToIntent } from './relation.ts'

const intent: Intent = {
  kind: 'bug',
  goal: 'Dates before 1970 are wrong',
  acceptanceCriteria: [],
  files: [],
  symbols: [],
  tests: [],
  stackFrames: [],
  snippets: [],
  commands: [],
}

const failing = (file: string, name: string): TestCase => ({
  id: `${file} > ${name}`,
  name,
  file,
  outcome: 'failed',
})
const old = failing('test/old.test.js', 'fails since last summer')
const fresh = failing('test/dates.test.js', 'formats what is long ago')
const other = failing('test/dates.test.js', 'parses what is long ago')

it('takes the tests in files that the base revision changed, and leaves the others alone', () => {
  expect(relateToIntent([old, fresh, other], intent, new Set(['test/dates.test.js']))).toEqual({
    related: [fresh, other],
    unrelated: [old],
    relation: 'recent',
  })
})

it('takes the tests that the work item names, too', () => {
  const named = { ...intent, tests: ['fails since last summer'] }
  expect(relateToIntent([old, fresh], named, new Set())).toEqual({
    related: [old],
    unrelated: [fresh],
    relation: 'named',
  })
  expect(relateToIntent([old, fresh], named, new Set(['test/dates.test.js'])).related).toEqual([old, fresh])
  expect(relateToIntent([old, fresh], { ...intent, files: ['dates.test.js'] }, new Set()).related).toEqual([
    fresh,
  ])
})

it('takes all where nothing tells them apart', () => {
  expect(relateToIntent([old, fresh], intent, new Set(['src/dates.js']))).toEqual({
    related: [old, fresh],
    unrelated: [],
    relation: 'assumed',
  })
})

it('goes by the files that the base revision changed only where these hold tests', () => {
  const testFiles = ['test/old.test.js', 'test/dates.test.js']
  expect(recentTestFiles(['src/dates.js', 'test/dates.test.js'], testFiles)).toEqual(
    new Set(['test/dates.test.js']),
  )
  expect(recentTestFiles(['test/data/cases.json', 'test/dates.test.js'], testFiles)).toEqual(new Set())
  expect(recentTestFiles([], testFiles)).toEqual(new Set())
})
