import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorCatalogue } from '../../src/kernel/index.ts'
import { renderErrorDocs } from '../../src/main/error-docs.ts'

const root = join(import.meta.dirname, '..', '..')

it('docs/errors.md is what npm run docs:errors makes of the error codes', async () => {
  expect(await renderErrorDocs()).toBe(readFileSync(join(root, 'docs', 'errors.md'), 'utf8'))
})

it('every error says what went wrong in a sentence without, and what to do in sentences with a full stop', async () => {
  await renderErrorDocs()
  const catalogue = errorCatalogue()
  expect(catalogue.length).toBeGreaterThan(50)
  for (const { code, summary, remedy } of catalogue) {
    expect(code).toMatch(/^ATL_[A-Z]+(_[A-Z0-9]+)+$/)
    expect(summary, code).toMatch(/^\S.*[^.\s]$/)
    expect(remedy, code).toMatch(/^\S[^]*\.$/)
  }
})
