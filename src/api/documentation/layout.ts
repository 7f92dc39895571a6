import { plural } from '../../kernel/index.ts'
import { Html, html } from './html.ts'
import type { NavigationEntry, NavigationSection } from './navigation.ts'
import type { Heading, Page } from './page.ts'
import type { Hit } from './search.ts'

/** What is around the content of every page. */
export interface Frame {
  readonly version: string
  readonly navigation: readonly NavigationSection[]
  /** Whether the web application is at the same address. */
  readonly besideStudio: boolean
}

/** A page of the documentation as a document. */
export function pageDocument(frame: Frame, address: string, page: Page): string {
  const main = html`<main id="site-content" tabindex="-1">
      <article>${new Html(page.content)}</article>
      ${neighbours(frame, address)}
    </main>
    ${contents(page.headings)}`
  return wholeDocument(frame, address, page.title, main)
}

/** What was found, as a document. */
export function searchDocument(frame: Frame, question: string, hits: readonly Hit[]): string {
  const found =
    question === ''
      ? 'Type what you are looking for.'
      : hits.length === 0
        ? 'Nothing fits all of these words. Try fewer, or their beginnings.'
        : plural(hits.length, 'place')
  const main = html`<main id="site-content" tabindex="-1" class="results">
    <h1>${question === '' ? 'Search' : `Search: ${question}`}</h1>
    <p role="status">${found}</p>
    <ol>
      ${hits.map(
        (hit) =>
          html`<li>
            <a href="${hit.address}">${hit.heading === '' ? hit.page : hit.heading}</a>
            ${hit.heading === '' ? undefined : html`<span class="where">${hit.page}</span>`}
            <p>
              ${hit.excerpt.map((part, index) => (index % 2 === 1 ? html`<mark>${part}</mark>` : html`${part}`))}
            </p>
          </li>`,
      )}
    </ol>
  </main>`
  return wholeDocument(
    frame,
    '/docs/search',
    question === '' ? 'Search' : `Search: ${question}`,
    main,
    question,
  )
}

/** What an address gets that leads nowhere. */
export function missingDocument(frame: Frame): string {
  const main = html`<main id="site-content" tabindex="-1">
    <h1>There is no page at this address</h1>
    <p>Look for it in the list of pages, search for it, or go to <a href="/docs/">the first page</a>.</p>
  </main>`
  return wholeDocument(frame, '', 'No such page', main)
}

function wholeDocument(frame: Frame, address: string, title: string, main: Html, question = ''): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Atelier documentation</title>
        <link rel="icon" href="/docs/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/docs/assets/site.css" />
        <script src="/docs/assets/colour-scheme.js"></script>
        <script src="/docs/assets/site.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#site-content">Skip to the text</a>
        <header class="top">
          ${brand}
          <button type="button" class="menu" popovertarget="site-pages">Pages</button>
        </header>
        <aside class="side" id="site-pages" aria-label="Find your way" popover>
          ${brand}
          <form action="/docs/search" role="search">
            <label class="visually-hidden" for="site-search">Search the documentation</label>
            <input
              type="search"
              id="site-search"
              name="q"
              placeholder="Search"
              value="${question}"
              maxlength="200"
              autocomplete="off"
            />
            <kbd aria-hidden="true">/</kbd>
          </form>
          <nav aria-label="Pages">
            ${frame.navigation.map((section) => navigationSection(section, address))}
          </nav>
          <footer>
            ${frame.besideStudio ? html`<a href="/">To the studio</a>` : undefined}
            <label class="scheme" hidden
              >Colours
              <select>
                <option value="system">of the system</option>
                <option value="light">light</option>
                <option value="dark">dark</option>
              </select>
            </label>
            <span>Version ${frame.version}</span>
          </footer>
        </aside>
        ${main}
      </body>
    </html> `.text
}

const brand = html`<a class="brand" href="/docs/"
  ><img src="/docs/assets/icon.svg" alt="" width="22" height="22" /> Atelier</a
>`

function navigationSection({ title, entries }: NavigationSection, address: string): Html {
  return html`<section>
    <h2>${title}</h2>
    <ul>
      ${entries.map((entry) => html`<li><a href="${entry.address}" ${current(entry, address)}>${entry.title}</a></li>`)}
    </ul>
  </section>`
}

function current(entry: NavigationEntry, address: string): Html | undefined {
  return entry.address === address ? new Html(' aria-current="page"') : undefined
}

/** The headings of the page, where there is more than a screen of text. */
function contents(headings: readonly Heading[]): Html | undefined {
  const shown = headings.filter(({ depth }) => depth <= 3)
  if (shown.length < 2) return undefined
  return html`<nav class="contents" aria-label="On this page">
    <h2>On this page</h2>
    <ul>
      ${shown.map(({ id, depth, text }) => html`<li class="depth-${depth}"><a href="#${id}">${text}</a></li>`)}
    </ul>
  </nav>`
}

function neighbours({ navigation }: Frame, address: string): Html | undefined {
  const entries = navigation.flatMap((section) => section.entries)
  const place = entries.findIndex((entry) => entry.address === address)
  const previous = entries[place - 1]
  const next = entries[place + 1]
  if (previous === undefined && next === undefined) return undefined
  return html`<nav class="neighbours" aria-label="Previous and next page">
    ${previous === undefined ? undefined : html`<a rel="prev" href="${previous.address}"><span>Previous</span> ${previous.title}</a>`}
    ${next === undefined ? undefined : html`<a rel="next" href="${next.address}"><span>Next</span> ${next.title}</a>`}
  </nav>`
}
