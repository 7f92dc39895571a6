import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Started, startAtelier } from '../atelier-process.ts'
import {
  barriers,
  barriersInLightAndDark,
  hasBrowser,
  launchBrowser,
  visit,
  type Visitor,
} from './browser.ts'

/** Nothing is kept in it: the documentation needs no studio. */
const noDirectory = join(tmpdir(), 'atelier-docs-none')

let server: Started
let url: string
let browser: Browser
let desk: Visitor

describe.skipIf(!hasBrowser)('the documentation in the browser', () => {
  beforeAll(async () => {
    server = startAtelier(noDirectory, ['docs', '--port', '0', '--json'])
    let text = ''
    url = await new Promise<string>((resolve, reject) => {
      server.child.stdout?.on('data', (chunk: string) => {
        text += chunk
        if (text.includes('}')) resolve(z.object({ url: z.url() }).parse(JSON.parse(text)).url)
      })
      server.finished.then(({ stderr }) => reject(new Error(`It ended: ${text}${stderr}`)), reject)
    })
    browser = await launchBrowser()
    desk = await visit(browser, { url, device: 'desk' })
  })
  afterAll(async () => {
    await browser.close()
    server.child.kill('SIGTERM')
    expect((await server.finished).code).toBe(0)
  })

  it.each(['', 'configuration', 'search?q=restore'])(
    'keeps nobody out of /docs/%s, in light and dark',
    async (address) => {
      const { page } = desk
      await page.goto(address)
      expect(await barriersInLightAndDark(page), address).toEqual([])
      expect(desk.complaints).toEqual([])
    },
  )

  it('is read from the keyboard: search, a hit, its place on the page, the next page', async () => {
    const { page } = desk
    await page.goto('start')
    await page.keyboard.press('Tab')
    await page.getByRole('link', { name: 'Skip to the text' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('restore backup')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Back up and restore' }).press('Enter')
    await page.waitForURL(/operations#back-up-and-restore$/)
    await expect
      .poll(() =>
        page.getByRole('navigation', { name: 'On this page' }).locator('[aria-current]').innerText(),
      )
      .toBe('Back up and restore')
    await page.getByRole('link', { name: 'Next' }).press('Enter')
    await page.getByRole('heading', { name: 'Configuration', level: 1 }).waitFor()
    await page.goto('errors#atl_api_no_route')
    expect(await page.locator(':target').innerText()).toContain('ATL_API_NO_ROUTE')
  })

  it('keeps the colours that somebody chose', async () => {
    const { page } = desk
    await page.goto('start')
    await page.getByLabel('Colours').selectOption('dark')
    await page.reload()
    expect(await page.locator('html').getAttribute('data-scheme')).toBe('dark')
    await page.getByLabel('Colours').selectOption('system')
  })

  it('fits a phone', async () => {
    const { page, context, complaints } = await visit(browser, { url, device: 'phone' })
    for (const address of ['cli', 'errors', 'reference/runs', '']) {
      await page.goto(address)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), address).toBe(true)
    }
    await page.getByRole('button', { name: 'Pages' }).click()
    expect(await barriers(page)).toEqual([])
    const pages = page.getByRole('navigation', { name: 'Pages' })
    await pages.getByRole('link', { name: 'Threat model' }).click()
    await page.getByRole('heading', { name: 'Threat model', level: 1 }).waitFor()
    expect(await pages.isVisible()).toBe(false)
    expect(complaints).toEqual([])
    await context.close()
  })
})
