import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTask } from './task.ts'

test.each([
  ['Fix lint errors', 'lint-fix'],
  ['chore: fix all the ESLint warnings', 'lint-fix'],
  ['Please fix linter problems in the codebase.', 'lint-fix'],
  ['Run prettier on all files', 'format'],
  ['style: format the code', 'format'],
  ['Fix lint errors and bump lodash', 'repair'],
  ['ESLint crashes on empty files', 'repair'],
  ['Format of dates is wrong', 'repair'],
  ['Fix the linter', 'repair'],
  ['Update dependencies', 'repair'],
  ['Apply codemod no-var', 'repair'],
])('%s is %s', (title, kind) => {
  expect(readTask(title).task.kind).toBe(kind)
})

test('a text from outside never starts a codemod or an update, and is read in time', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 2_000 }),
      fc.constantFrom('', 'fix lint errors', 'update dependencies '),
      (noise, lead) => {
        expect(['repair', 'lint-fix', 'format']).toContain(readTask(lead + noise).task.kind)
      },
    ),
  )
})
