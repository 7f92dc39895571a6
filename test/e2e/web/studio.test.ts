import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  barriers,
  barriersInLightAndDark,
  hasBrowser,
  launchBrowser,
  visit,
  type Visitor,
} from './browser.ts'
import { reportFailures } from './failure-report.ts'
import { serveStudio, type ServedStudio } from './served-studio.ts'

let studio: ServedStudio
let browser: Browser
let desk: Visitor

describe.skipIf(!hasBrowser)('the studio in the browser', () => {
  beforeAll(async () => {
    ;[studio, browser] = await Promise.all([serveStudio(), launchBrowser()])
    desk = await visit(browser, { ...studio, device: 'desk' })
    await desk.page.goto(studio.ownerLink)
  })
  reportFailures(() => desk)
  afterAll(async () => {
    expect(desk.complaints).toEqual([])
    await browser.close()
    await studio.close()
  })

  it.each([
    ['/agents', 'Granted tools'],
    ['/workflows', 'What it does'],
    ['/workflows/deliver', 'Choose a step in the diagram'],
    ['/tools', 'What goes in'],
    ['/tools?view=servers', 'No MCP servers'],
    ['/models', 'The provider has no key'],
    ['/models?view=models', 'Context'],
    ['/model-use', 'Make a token for models'],
    ['/projects', 'New project'],
    ['/health', 'Work now'],
  ])('%s says what is there, to everybody', async (address, words) => {
    const { page } = desk
    await page.goto(address)
    await page.getByText(words).first().waitFor()
    expect(await barriersInLightAndDark(page), address).toEqual([])
  })

  it('reads a workflow as it is being written, and keeps it as a draft for somebody else to approve', async () => {
    const { page } = desk
    await page.goto('/workflows/deliver?view=edit')
    const editor = page.getByLabel('Workflow, in YAML')
    const text = await editor.inputValue()
    await editor.fill(`${text}\n# changed`)
    await page.getByRole('button', { name: /is in use already/ }).waitFor()
    await editor.fill(
      text.replace(/^version: (\d+)/m, (_, version: string) => `version: ${Number(version) + 1}`),
    )
    await page.getByText('Nothing is wrong with it').waitFor()
    await page.keyboard.press('Control+s')
    await page.getByRole('heading', { name: 'Draft, against what is in use' }).waitFor()
    await page.getByText('You wrote at this draft').waitFor()
    expect(await barriers(page)).toEqual([])
  })

  it('can be read on a phone: the list first, then what was chosen', async () => {
    const { page, context } = await visit(browser, {
      url: studio.url,
      device: 'phone',
      session: desk.context,
    })
    await page.goto('/agents')
    await page.getByRole('link', { name: /^developer/ }).click()
    await page.getByRole('heading', { name: 'Instructions' }).waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await barriers(page)).toEqual([])
    await context.close()
  })
})
