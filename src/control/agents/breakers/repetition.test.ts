import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { repeatsEndlessly, repetitionWatch } from './repetition.ts'

test('a passage of any length, again and again at the end, is endless', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 300 }),
      fc.string({ maxLength: 400 }),
      fc.nat(200),
      (passage, before, cut) => {
        const text = before + passage.repeat(Math.ceil(4000 / passage.length)) + passage.slice(0, cut)
        expect(repeatsEndlessly(text)).toBe(true)
      },
    ),
  )
})

test('source code, prose and tables are not', () => {
  const root = join(import.meta.dirname, '..', '..', '..', '..')
  const files = ['src/kernel', 'src/contracts', 'docs', 'agents'].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(root, folder, entry.name)),
  )
  expect(files.length).toBeGreaterThan(20)
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    for (let end = 1500; end < text.length; end += 1000)
      expect(repeatsEndlessly(text.slice(0, end)), file).toBe(false)
  }
})

test('is seen while it arrives, soon after it has begun', () => {
  const watch = repetitionWatch()
  let read = 0
  for (const piece of Array.from({ length: 5000 }, () => 'I will try again. ')) {
    read += piece.length
    if (watch(piece)) break
  }
  expect(read).toBeLessThan(3000)
})
