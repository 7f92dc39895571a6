import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../atelier-process.ts'
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

const git = promisify(execFile)
/** Set to write the pictures of the documentation anew. */
const picturesWanted = process.env['ATELIER_PICTURES'] !== undefined
const title = 'Back-to-back appointments are refused'

/** Milliseconds that a whole run may take on a machine that is busy. */
const patience = 300_000

let studio: ServedStudio
let browser: Browser
let desk: Visitor
let runUrl: string

/** Nobody is kept out of the page in either scheme, and its picture, in light, goes into the documentation. */
async function check(page: Page, name: string): Promise<void> {
  expect(await barriersInLightAndDark(page), name).toEqual([])
  if (picturesWanted) await page.screenshot({ path: join(packageRoot, 'docs/pictures', `${name}.png`) })
}

describe.skipIf(!hasBrowser)('the web application', () => {
  beforeAll(async () => {
    mkdirSync(join(packageRoot, 'docs/pictures'), { recursive: true })
    ;[studio, browser] = await Promise.all([serveStudio(), launchBrowser()])
    desk = await visit(browser, { url: studio.url, device: 'desk' })
  })
  reportFailures(() => desk)
  afterAll(async () => {
    await browser.close()
    await studio.close()
  })

  it('asks whom it does not know to sign in, and lets the owner in by the link that it printed', async () => {
    const { page } = desk
    await page.goto('/inbox')
    await page.getByRole('heading', { name: 'Sign in to Atelier' }).waitFor()
    expect(page.url()).toContain('back=%2Finbox')
    await check(page, 'sign-in')
    await page.goto(studio.ownerLink)
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    // The browser notes the answer to whoever is not signed in.
    desk.complaints.length = 0
  })

  it('teaches what will be there while nothing is', async () => {
    const { page } = desk
    await page.goto('/')
    await page.getByRole('heading', { name: 'Nothing waits for you' }).waitFor()
    await check(page, 'inbox-empty')
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor()
  })

  it('finds every command by typing, and shows every key', async () => {
    const { page } = desk
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('new w')
    await check(page, 'palette')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'New work' }).waitFor()
    // The focus may be in a field, which keeps its letters.
    await page.getByRole('heading', { name: 'New work' }).click()
    await page.keyboard.press('?')
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await check(page, 'keys')
    await page.keyboard.press('Escape')
  })

  it('says what is missing from work, and shows its plan before anything runs', async () => {
    const { page } = desk
    await page.getByRole('button', { name: 'Start the run' }).click()
    await page.getByText('Say in one line what is wrong or wanted.').waitFor()
    await page.getByLabel('Title').fill(title)
    await page.getByLabel('Repository').fill('/srv/git/appointments.git')
    await page.getByRole('heading', { name: 'Plan', exact: true }).waitFor()
    await check(page, 'work')
  })

  it(
    'runs the demo with one click, and shows it live',
    async () => {
      const { page } = desk
      await page.getByRole('button', { name: 'Run the demo' }).click()
      await page.getByRole('heading', { name: title, level: 1 }).waitFor()
      runUrl = page.url()
      await page.locator('[data-status="running"], [data-status="succeeded"]').first().waitFor()
      await check(page, 'run-live')
      await page.getByRole('button', { name: 'Approve' }).waitFor({ timeout: patience })
      await check(page, 'run')
    },
    patience,
  )

  it.each([
    ['tests', 'Tests of the base revision'],
    ['activity', 'Activity'],
    ['tools', 'Decided by'],
    ['timeline', 'Timeline'],
    ['replay', 'Play'],
  ])('shows the %s of a run', async (view, words) => {
    const { page } = desk
    await page.goto(`${runUrl}?view=${view}`)
    await page
      .getByText(words)
      .or(page.getByLabel(words))
      .or(page.getByRole('button', { name: words }))
      .first()
      .waitFor()
    await check(page, `run-${view}`)
  })

  it('shows the change, side by side too, and takes a comment on a line', async () => {
    const { page } = desk
    await page.goto(`${runUrl}?view=change`)
    await page.getByText('return a.start < b.end').waitFor()
    await page.keyboard.press('s')
    await page.getByRole('button', { name: 'One column' }).waitFor()
    await page.getByRole('button', { name: 'Comment on line 13' }).last().click()
    await page.getByLabel('Comment', { exact: true }).fill('Intervals are half-open here, so this is right.')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Intervals are half-open here').waitFor()
    await check(page, 'run-change')
  })

  it('shows the lines around a change, and the whole file', async () => {
    const { page } = desk
    await page.goto(`${runUrl}?view=change`)
    const [changed = ''] = await page.locator('section[aria-label^="src/"] h3 code').allInnerTexts()
    const file = page.getByRole('region', { name: changed })
    const before = await file.locator('tr.diff-line').count()
    await file
      .getByRole('button', { name: /unchanged line|Show the rest/ })
      .first()
      .click()
    await expect.poll(() => file.locator('tr.diff-line').count()).toBeGreaterThan(before)
    await file.getByRole('button', { name: 'Show the whole file' }).click()
    await file.getByRole('button', { name: 'Show the whole file' }).waitFor({ state: 'detached' })
    await check(page, 'run-change-whole')
  })

  it('has what is to be decided in the inbox, on a phone too', async () => {
    const phone = await visit(browser, { url: studio.url, device: 'phone', session: desk.context })
    await phone.page.goto('/inbox')
    await phone.page
      .getByRole('link', { name: new RegExp(title) })
      .first()
      .click()
    await phone.page.getByRole('button', { name: 'Approve' }).waitFor()
    await phone.page.getByText('return a.start < b.end').waitFor()
    await phone.page.getByText('can no longer book an appointment').waitFor()
    await check(phone.page, 'inbox-phone')
    await phone.page.goBack()
    await phone.page.getByRole('list', { name: 'What waits' }).waitFor()
    expect(phone.complaints).toEqual([])
    await phone.context.close()
  })

  it('never decides behind anybody’s back: offline it refuses, and what was cut off counts once', async () => {
    const { page, context } = desk
    // The studio decides, and its answer is lost on the way. Before the page is loaded, for one that is there goes on
    // without the route for a moment.
    let answers = 0
    await page.route('**/decision', async (route) => {
      answers += 1
      if (answers === 1) {
        await route.fetch()
        await route.abort('connectionreset')
      } else await route.continue()
    })
    await page.goto('/inbox')
    await page.getByRole('heading', { name: title }).first().waitFor()
    await page.getByText('return a.start < b.end').waitFor()
    await check(page, 'inbox')
    await page.keyboard.press('a')
    await page.getByRole('heading', { name: 'Approve this change' }).waitFor()
    await check(page, 'approve')
    // What was written survives that its dialog is closed.
    await page.getByLabel('Remark').fill('Half-open, as everywhere else.')
    await page.keyboard.press('Escape')
    await page.getByLabel('Remark').waitFor({ state: 'hidden' })
    await page.keyboard.press('a')
    await expect.poll(() => page.getByLabel('Remark').inputValue()).toBe('Half-open, as everywhere else.')
    await context.setOffline(true)
    const offline = page.getByText('You are offline, so nothing can be decided now.')
    await offline.waitFor()
    await page.keyboard.press('Control+Enter')
    await context.setOffline(false)
    await offline.waitFor({ state: 'hidden' })

    expect(answers).toBe(0)
    await page.keyboard.press('Control+Enter')
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Approved. The change is being published.').waitFor()
    expect(answers).toBe(2)
    expect(desk.complaints.filter((complaint) => !/ERR_(?:CONNECTION|INTERNET)/.test(complaint))).toEqual([])
    desk.complaints.length = 0
  })

  it(
    'shows the branch that came of it, which is really there',
    async () => {
      const { page } = desk
      await page.goto(runUrl)
      await page.getByRole('heading', { name: 'Published' }).waitFor({ timeout: patience })
      const branch = await page
        .getByText(/^atelier\/run-/)
        .first()
        .innerText()
      const { stdout } = await git('git', [
        ...['--git-dir', join(studio.dataDirectory, 'demo/appointments.git')],
        ...['log', '--format=%s', '-1', branch],
      ])
      expect(stdout).not.toBe('')
      await page
        .getByRole('region', { name: 'Decision' })
        .getByText('Half-open, as everywhere else.')
        .waitFor()
      await check(page, 'run-delivered')
    },
    patience,
  )

  it('verifies the evidence', async () => {
    const { page } = desk
    await page.goto(`${runUrl}?view=evidence`)
    await page.getByRole('button', { name: 'Verify the evidence' }).click()
    await page.getByText(/It holds/).waitFor()
    await check(page, 'run-evidence')
  })

  it('lists runs, with filters in the address and j, k and Enter to go', async () => {
    const { page } = desk
    await page.goto('/runs')
    await page.getByRole('link', { name: title }).first().waitFor()
    await check(page, 'runs')
    await page.getByRole('link', { name: 'Failed' }).click()
    await page.getByText('No run is like this').waitFor()
    expect(page.url()).toContain('?status=failed')
    await page.goBack()
    await page.goto('/runs?outcome=delivered')
    await page.getByRole('link', { name: title }).first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: title, level: 1 }).waitFor()
  })

  it('loads in as many tabs as somebody has open, although a browser opens six connections for all of them', async () => {
    const tabs: Page[] = []
    for (let count = 0; count < 8; count += 1) {
      const tab = await desk.context.newPage()
      tabs.push(tab)
      await tab.goto('/runs')
      await tab.getByRole('link', { name: title }).first().waitFor()
    }
    await Promise.all(tabs.map((tab) => tab.close()))
  })

  it('finds runs from anywhere by words of their title or by id, and what the page itself can do', async () => {
    const { page } = desk
    const find = page.getByRole('combobox', { name: 'Find a run or command' })
    await page.goto('/health')
    await page.getByText('Work now').first().waitFor()
    await page.keyboard.press('Control+k')
    await find.fill('refused appoint')
    await page.getByRole('option', { name: title }).waitFor()
    expect(await barriersInLightAndDark(page)).toEqual([])
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: title, level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('next view')
    await page.keyboard.press('Enter')
    await page.waitForURL(/view=/)
    await page.keyboard.press('Control+k')
    await find.fill(runUrl.split('/').at(-1) ?? '')
    await page.getByRole('option', { name: title }).waitFor()
    await page.keyboard.press('Escape')
  })

  // What they say and that nobody is kept out is tested beside their own stories; here there is something to see in them.
  it.runIf(picturesWanted).each([
    ['policies', '/policies', 'Version of all policies'],
    ['approvals', '/approvals', title],
    ['audit', '/audit', 'Words in the record'],
    ['budgets', '/budgets', 'Where it went, over 30 days'],
    ['people', '/people', 'Only in project'],
    ['access', '/access', 'Make a token'],
    ['agents', '/agents', 'Granted tools'],
    ['workflow', '/workflows/deliver', 'Choose a step in the diagram'],
    ['tools', '/tools', 'What goes in'],
    ['models', '/models', 'The provider has no key'],
    ['model-use', '/model-use', 'Point a client at it'],
    ['projects', '/projects', 'New project'],
    ['health', '/health', 'Work now'],
  ])('has its picture taken: %s', async (name, address, words) => {
    const { page } = desk
    await page.goto(address)
    await page.getByText(words).first().waitFor()
    await check(page, name)
  })

  it('keeps views of the list of runs for whoever looks at it, and takes over those of the browser', async () => {
    const { page } = desk
    await page.evaluate(() =>
      localStorage.setItem('atelier.run-views', JSON.stringify([{ name: 'Old', search: '?status=failed' }])),
    )
    await page.goto('/runs?status=waiting')
    await page.getByRole('link', { name: 'Old' }).waitFor()
    await page.getByRole('button', { name: 'Keep this view' }).click()
    await page.getByLabel('Name').fill('To decide')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'To decide' }).waitFor()
    expect(await page.evaluate(() => localStorage.getItem('atelier.run-views'))).toBeNull()
    const phone = await visit(browser, { url: studio.url, device: 'phone', session: desk.context })
    await phone.page.goto('/runs')
    await phone.page.getByRole('link', { name: 'To decide' }).waitFor()
    await phone.page.getByRole('button', { name: 'Forget the view Old' }).click()
    await phone.page.getByRole('link', { name: 'Old' }).waitFor({ state: 'detached' })
    await phone.context.close()
  })

  it('takes out of the inbox what somebody has seen to', async () => {
    const { page } = desk
    await page.evaluate(`fetch('/api/v1/work-items', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ issue: { title: 'Nothing there', body: '' }, repository: { location: '/srv/none.git' } }),
    })`)
    await page.goto('/inbox')
    const item = page.getByRole('list', { name: 'What waits' }).getByRole('link', { name: /Nothing there/ })
    await item.click({ timeout: patience })
    await page.getByRole('button', { name: 'Seen to' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('e')
    await item.waitFor({ state: 'detached' })
  })

  it('says so when an address leads nowhere', async () => {
    const { page } = desk
    await page.goto('/nowhere')
    await page.getByText('There is nothing at this address').waitFor()
    await page.getByRole('navigation', { name: 'Main', exact: true }).waitFor()
    expect(await barriers(page)).toEqual([])
  })

  it('gave the browser nothing to complain about', () => {
    expect(desk.complaints).toEqual([])
  })
})
