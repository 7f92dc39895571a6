import { beforeEach } from 'vitest'
import type { Visitor } from './browser.ts'

/** Prints where somebody is, and what they see there, when a test around it has failed. */
export function reportFailures(visitor: () => Visitor): void {
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      const { page, complaints } = visitor()
      const text = await page.locator('body').innerText()
      process.stderr.write(`${[page.url(), ...complaints, text].join('\n')}\n`)
    })
  })
}
