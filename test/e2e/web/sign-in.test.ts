import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededIdentities } from '../../../src/governance/index.ts'
import {
  createTestDatabase,
  type IdentityProvider,
  startIdentityProvider,
  type TestDatabase,
} from '../../../src/testing/index.ts'
import { administrator } from '../../../src/testing/shared-server.ts'
import { packageRoot } from '../atelier-process.ts'
import { git, scratchRepository } from '../scratch-repository.ts'
import { barriersInLightAndDark, hasBrowser, launchBrowser, visit, type Visitor } from './browser.ts'
import { serveStudio, type ServedStudio } from './served-studio.ts'

/** Set to write the pictures of the documentation anew. */
const picturesWanted = process.env['ATELIER_PICTURES'] !== undefined
/** Milliseconds that a whole run may take on a machine that is busy. */
const patience = 300_000

const title = 'Back-to-back appointments are refused'
const issue = `The front desk can no longer book an appointment that starts exactly when another one ends.
The test "books back-to-back appointments" in test/calendar.test.js shows it.`

let database: TestDatabase
let provider: IdentityProvider
let studio: ServedStudio
let browser: Browser
let folder: string
let repository: string
let runUrl: string
/** An engineer who may approve too, but not what she asked for. */
let ann: Visitor
let lea: Visitor

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

/** Somebody who may let the studio's roles step down, as a server's operator would. */
function administratorUrl({ target }: TestDatabase): string {
  const url = new URL(target.owner)
  url.username = administrator
  return url.href
}

function providersFile({ issuer, clientId }: IdentityProvider): string {
  return JSON.stringify({
    providers: {
      corp: {
        ...{ name: 'Example Corporation', issuer, clientId, clientSecret: 'CORP_CLIENT_SECRET' },
        tenant: 'default',
        groups: { developers: { roles: ['engineer'] }, leads: { roles: ['approver'] } },
        everybody: ['viewer'],
      },
    },
  })
}

/** From the studio's page to the provider's, and back. */
async function signIn(page: Page, login: string): Promise<void> {
  await page.getByRole('link', { name: 'Continue with Example Corporation' }).click()
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('any')
  await page.getByRole('button', { name: /sign-in/i }).click()
}

/** Somebody at a browser of their own, signed in, at the page they wanted. */
async function comeIn(login: string, address: string): Promise<Visitor> {
  const visitor = await visit(browser, { url: studio.url, device: 'desk' })
  await visitor.page.goto(address)
  await signIn(visitor.page, login)
  await visitor.page.waitForURL(`${studio.url}${address}`)
  // The browser notes the answer to whoever is not signed in, and what the provider's page lacks.
  visitor.complaints.length = 0
  return visitor
}

describe.skipIf(!hasBrowser)('people of an organisation in the browser', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-organisation-'))
    repository = scratchRepository('examples/appointments', join(folder, 'appointments'))
    const port = await findFreePort()
    const url = `http://127.0.0.1:${port}`
    provider = await startIdentityProvider({
      redirectUri: `${url}/auth/callback/corp`,
      afterSignOut: `${url}/`,
    })
    provider.accounts.set('ann', { name: 'Ann Author', groups: ['developers', 'leads'] })
    provider.accounts.set('lea', { name: 'Lea Lead', groups: ['leads'] })
    provider.accounts.set('gus', { name: 'Gus Guest', groups: ['canteen'] })
    database = await createTestDatabase()
    ;[studio, browser] = await Promise.all([
      serveStudio({
        port,
        environment: { CORP_CLIENT_SECRET: provider.clientSecret, DATABASE_URL: administratorUrl(database) },
        files: { 'identity/providers.yaml': providersFile(provider) },
      }),
      launchBrowser(),
    ])
  })
  afterAll(async () => {
    await browser.close()
    await studio.close()
    await database.close()
    await provider.close()
    rmSync(folder, { recursive: true })
  })

  it('tells strangers how to sign in, and brings them back to the page that they wanted', async () => {
    const stranger = await visit(browser, { url: studio.url, device: 'desk' })
    await stranger.page.goto('/work/new')
    await stranger.page.getByRole('link', { name: 'Continue with Example Corporation' }).waitFor()
    expect(await barriersInLightAndDark(stranger.page)).toEqual([])
    if (picturesWanted)
      await stranger.page.screenshot({ path: join(packageRoot, 'docs/pictures/sign-in-organisation.png') })
    await stranger.page.goto('/docs/identity#an-identity-provider')
    await stranger.page.getByRole('link', { name: 'To the studio' }).waitFor()
    await stranger.context.close()
    ann = await comeIn('ann', '/work/new')
    await ann.page.getByRole('heading', { name: 'New work' }).waitFor()
    await ann.page.getByRole('button', { name: 'Ann Author' }).click()
    await ann.page.getByText('approver, engineer, viewer').waitFor()
    await ann.page.keyboard.press('Escape')
  })

  it(
    'lets an engineer ask for work and watch it, and nobody approve what they asked for',
    async () => {
      const { page } = ann
      await page.getByLabel('Title').fill(title)
      await page.getByLabel('Description').fill(issue)
      await page.getByLabel('Repository').fill(repository)
      await page.getByRole('button', { name: 'Start the run' }).click()
      await page.getByRole('heading', { name: title, level: 1 }).waitFor()
      runUrl = page.url()
      await page.locator('[data-status="running"], [data-status="succeeded"]').first().waitFor()
      await page.getByText('had no part in it decides').waitFor({ timeout: patience })
      expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
      expect(await barriersInLightAndDark(page), 'work of one’s own').toEqual([])
      // What the page offers is one thing; what the studio does is another.
      const code: unknown = await page.evaluate(`(async () => {
        const { items: [{ id, subject }] } = await (await fetch('/api/v1/approvals?status=pending')).json()
        const answer = await fetch('/api/v1/approvals/' + id + '/decision', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ verdict: 'approved', subject }),
        })
        return (await answer.json()).code
      })()`)
      expect(code).toBe('ATL_APPROVAL_OWN_WORK')
      ann.complaints.length = 0
    },
    patience,
  )

  it('lets a person without a group look, and nothing more', async () => {
    const gus = await comeIn('gus', '/runs')
    const { page } = gus
    await page.getByRole('link', { name: title }).first().click()
    await page.getByRole('heading', { name: title, level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Gus Guest' }).click()
    await page.getByText('viewer in').waitFor()
    await page.keyboard.press('Escape')
    // Nothing leads to what would be refused, and an address opened by hand says who can see it.
    const ways = page.getByRole('navigation', { name: 'Main', exact: true })
    await ways.getByRole('link', { name: 'Policies' }).waitFor()
    expect(await ways.getByRole('link', { name: /Audit|Budgets|Health|New work/ }).count()).toBe(0)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('audit')
    await page.getByText('None of the newest runs is about this.').waitFor()
    expect(await page.getByRole('option', { name: 'Go to' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.goto('/audit')
    await page.getByText('operator, security, or owner in the whole tenant').waitFor()
    expect(await barriersInLightAndDark(page), 'a closed screen').toEqual([])
    expect(gus.complaints).toEqual([])
    // What the page offers is one thing; what the studio does is another.
    for (const [method, path] of [
      ['POST', '/api/v1/demo'],
      ['GET', '/api/v1/audit/records'],
      ['GET', '/api/v1/budgets'],
    ] as const) {
      const status: unknown = await page.evaluate(
        `fetch(${JSON.stringify(path)}, { method: ${JSON.stringify(method)} }).then(({ status }) => status)`,
      )
      expect(status, path).toBe(403)
    }
    await gus.context.close()
  })

  it('lets another person comment and approve', async () => {
    lea = await comeIn('lea', '/inbox')
    const { page } = lea
    await page.getByRole('heading', { name: title }).first().waitFor()
    await page.goto(`${runUrl}?view=change`)
    await page.getByText('return a.start < b.end').waitFor()
    await page.getByRole('button', { name: 'Comment on line 13' }).last().click()
    await page.getByLabel('Comment', { exact: true }).fill('Half-open intervals: this is right.')
    await page.keyboard.press('Control+Enter')
    await page.getByText('Half-open intervals').waitFor()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await page.getByText('Approved. The change is being published.').waitFor()
    expect(lea.complaints).toEqual([])
  })

  it(
    'shows the author the comment, who approved, and the branch, which is really there',
    async () => {
      const { page } = ann
      await page.goto(runUrl)
      await page.getByRole('heading', { name: 'Published' }).waitFor({ timeout: patience })
      const branch = page.getByText(/^atelier\/run-/).first()
      expect(git(repository, 'log', '--format=%s', '-1', await branch.innerText())).not.toBe('')
      await page.goto(`${runUrl}?view=change`)
      await page.getByText('Half-open intervals').waitFor()
      await page.goto('/approvals')
      await page.getByText('lea').first().waitFor()
      expect(ann.complaints).toEqual([])
    },
    patience,
  )

  it('asks whose session has expired to sign in again, and goes on at the same page', async () => {
    const { page } = lea
    const { tenant: tenantId, owner: principalId } = seededIdentities
    const { numUpdatedRows } = await database.database.transaction(
      { kind: 'tenant', tenantId, principalId },
      async (tx) => {
        const { numAffectedRows = 0n } = await sql`
        update sessions set last_used_at = now() - interval '13 hours' where principal_id = 'person:lea'`.execute(
          tx,
        )
        return { numUpdatedRows: numAffectedRows }
      },
    )
    expect(numUpdatedRows).toBe(1n)
    await page.goto('/runs')
    // The provider still knows her, so one click is enough.
    await page.getByRole('link', { name: 'Continue with Example Corporation' }).click()
    await page.waitForURL(`${studio.url}/runs`)
    await page.getByRole('link', { name: title }).first().waitFor()
  })

  it('signs out here and at the provider', async () => {
    const { page, context } = ann
    const before = await context.cookies(studio.url)
    await page.getByRole('button', { name: 'Ann Author' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: /yes, sign me out/i }).click()
    await page.getByRole('heading', { name: 'Sign in to Atelier' }).waitFor()
    expect(await context.cookies(studio.url)).toEqual([])
    await context.addCookies(before)
    const answer = await context.request.get(`${studio.url}/api/v1/me`)
    expect(answer.status()).toBe(401)
    await context.clearCookies({ domain: '127.0.0.1', name: before[0]!.name })
    await page.goto('/')
    await page.getByRole('link', { name: 'Continue with Example Corporation' }).click()
    await page.locator('input[name=login]').waitFor()
  })
})
