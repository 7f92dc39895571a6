import { existsSync } from 'node:fs'
import { chromium, type BrowserContext } from 'playwright-core'
import { timesOf, type Times } from './figures.ts'
import type { Installation } from './installation.ts'

/** Debian's. */
const executablePath = '/usr/bin/chromium'
export const hasBrowser = existsSync(executablePath)

/** Milliseconds from asking for a page. */
interface PageTimes {
  /** To the first contentful paint. */
  readonly paint: Times
  /** To what the page is about, which comes from the API. */
  readonly content: Times
}

export interface MeasuredPages {
  readonly list: PageTimes
  readonly run: PageTimes
}

/**
 * Opens the list of runs and the page of one run again and again, as somebody does who comes back: signed in, with the
 * files of the application in the cache. In turn on both installations.
 */
export async function measurePages(
  installations: readonly [full: Installation, empty: Installation],
  repeats: number,
): Promise<readonly [full: MeasuredPages, empty: MeasuredPages]> {
  // Only the studio's own pages are opened, and as root the browser has no sandbox of its own.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const [full, empty] = installations
    const sides = [
      await signIn(await browser.newContext(), full),
      await signIn(await browser.newContext(), empty),
    ]
    for (let round = -1; round < repeats; round += 1)
      for (const side of sides)
        for (const [page, taken] of [
          [side.listPath, side.list],
          [side.runPath, side.run],
        ] as const) {
          const times = await load(side.context, side.url + page)
          if (round >= 0) taken.push(times)
        }
    const [one, other] = sides.map(({ list, run }) => ({ list: summarise(list), run: summarise(run) }))
    if (one === undefined || other === undefined) throw new Error('two installations were expected')
    return [one, other]
  } finally {
    await browser.close()
  }
}

interface Load {
  readonly paint: number
  readonly content: number
}

async function signIn(context: BrowserContext, { url, ownerLink }: Installation) {
  const page = await context.newPage()
  await page.goto(ownerLink)
  await page.goto(`${url}/runs`)
  const link = page.locator('a[href^="/runs/run_"]').first()
  await link.waitFor()
  const runPath = (await link.getAttribute('href')) ?? ''
  await page.close()
  return { context, url, listPath: '/runs', runPath, list: [] as Load[], run: [] as Load[] }
}

async function load(context: BrowserContext, url: string): Promise<Load> {
  const page = await context.newPage()
  try {
    const begun = performance.now()
    await page.goto(url, { waitUntil: 'commit' })
    const isList = url.endsWith('/runs')
    const subject = isList ? page.locator('a[href^="/runs/run_"]') : page.locator('h1', { hasText: 'order' })
    await subject.first().waitFor()
    const content = performance.now() - begun
    const paint = await page.evaluate<number>(
      `new Promise((resolve) => new PerformanceObserver((list) => {
         const entry = list.getEntriesByName('first-contentful-paint')[0]
         if (entry) resolve(entry.startTime)
       }).observe({ type: 'paint', buffered: true }))`,
    )
    return { paint, content }
  } finally {
    await page.close()
  }
}

function summarise(loads: readonly Load[]): PageTimes {
  return {
    paint: timesOf(loads.map(({ paint }) => paint)),
    content: timesOf(loads.map(({ content }) => content)),
  }
}
