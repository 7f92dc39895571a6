import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { barriersInLightAndDark, hasBrowser, launchBrowser, visit, type Visitor } from './browser.ts'
import { reportFailures } from './failure-report.ts'
import { serveStudio, type ServedStudio } from './served-studio.ts'

let studio: ServedStudio
let browser: Browser
let desk: Visitor

describe.skipIf(!hasBrowser)('governance in the browser', () => {
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
    ['/policies', 'Version of all policies'],
    ['/policies?view=tests', 'guardrails.yaml'],
    ['/policies?view=own', 'No policy of your own yet'],
    ['/approvals', 'Nothing was asked yet'],
    ['/audit', 'Words in the record'],
    ['/budgets', 'Where it went, over 30 days'],
    ['/people', 'Decides about changes that they had no part in'],
    ['/access', 'Make a token'],
  ])('%s says what is there, to everybody', async (address, words) => {
    const { page } = desk
    await page.goto(address)
    await page.getByText(words).first().waitFor()
    expect(await barriersInLightAndDark(page), address).toEqual([])
  })

  it('marks what is wrong with a policy at its place, and simulates what is right', async () => {
    const { page } = desk
    await page.goto('/policies/quiet-nights')
    const editor = page.getByLabel('Policy, in Cedar')
    const text = await editor.inputValue()
    await editor.fill(text.replace('context.tool', 'context.tol'))
    await page.getByRole('button', { name: /tol/ }).first().click()
    await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA')
    expect(await barriersInLightAndDark(page), 'a policy with a problem').toEqual([])

    await editor.fill(text)
    await page.getByText('Nothing is wrong with it').waitFor()
    await page.keyboard.press('Control+Enter')
    await page.getByText(/over the last 30 days/i).waitFor()
    await page.getByText('You wrote at this draft').waitFor()
    expect(await barriersInLightAndDark(page), 'a simulated policy').toEqual([])
  })

  it('says what a change of a shipped policy would have done', async () => {
    const { page } = desk
    await page.goto('/policies?policy=people/engineers-submit-work')
    await page.getByRole('button', { name: 'What if it were otherwise?' }).click()
    await page.getByRole('button', { name: 'Simulate without it' }).click()
    await page.getByText(/Over the last 30 days/).waitFor()
    expect(await barriersInLightAndDark(page), 'a shipped policy that might be otherwise').toEqual([])
  })

  it('finds the draft in the audit log, record by record, and checks the chain', async () => {
    const { page } = desk
    await page.goto('/audit?action=draft-policy')
    await page.getByRole('link', { name: 'draft-policy' }).first().click()
    await page.getByRole('heading', { name: 'Before and after' }).waitFor()
    expect(await barriersInLightAndDark(page), 'a record').toEqual([])
    await page.goto('/audit')
    await page.getByRole('button', { name: 'Check the chain' }).click()
    await page.getByText(/are whole, in order/).waitFor()
  })

  it('shows a token once, and revokes it', async () => {
    const { page } = desk
    await page.goto('/access')
    await page.getByRole('button', { name: 'Make a token' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Nightly build')
    await page.getByRole('button', { name: 'Make the token' }).click()
    await page.getByRole('button', { name: 'I have kept it' }).waitFor()
    expect(await barriersInLightAndDark(page), 'a new token').toEqual([])
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByRole('button', { name: 'Revoke Nightly build' }).click()
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByRole('heading', { name: 'No tokens' }).waitFor()
  })
})
