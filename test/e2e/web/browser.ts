import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

/** Debian's, so that nothing has to be downloaded. */
const executablePath = '/usr/bin/chromium'
export const hasBrowser = existsSync(executablePath)

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser complained about: errors of scripts, refused content, failed requests. */
  readonly complaints: string[]
}

export function launchBrowser(): Promise<Browser> {
  // Only the studio's own pages are opened, and as root the browser has no sandbox of its own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
}

/** Somebody at a desk, or with a phone in the hand. */
export async function visit(
  browser: Browser,
  {
    url,
    device,
    session,
  }: { readonly url: string; readonly device: 'desk' | 'phone'; readonly session?: BrowserContext },
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    ...(session !== undefined && { storageState: await session.storageState() }),
    reducedMotion: 'reduce',
    ...(device === 'phone'
      ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
      : { viewport: { width: 1360, height: 850 } }),
  })
  // A loaded machine is slow; what never comes fails all the same.
  context.setDefaultTimeout(90_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/i.test(message.text()))
      complaints.push(message.text())
  })
  return { context, page, complaints }
}

const standards = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
} as const
/** What depends on colours, which is all that a page has different in light and dark. */
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } as const

/** What keeps people out, by the rules of WCAG 2.2 A and AA: a line each. */
export async function barriers(
  page: Page,
  runOnly: typeof standards | typeof colours = standards,
): Promise<string[]> {
  await page.evaluate(axeSource)
  // Runs inside the page, where axe has put itself.
  const results = await page.evaluate(`axe.run(document, ${JSON.stringify({ runOnly })})`)
  return (results as AxeResults).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary ?? ''}`),
  )
}

/** {@link barriers}, in light and dark. */
export async function barriersInLightAndDark(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'dark' })
  const inDark = await barriers(page)
  await page.emulateMedia({ colorScheme: 'light' })
  const inLight = await barriers(page, colours)
  return [...inDark, ...inLight.map((line) => `in light: ${line}`)]
}
