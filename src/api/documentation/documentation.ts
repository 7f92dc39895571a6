import { setImmediate } from 'node:timers/promises'
import type { ApiDescription } from '../../contracts/api/index.ts'
import { digestOf } from '../../kernel/index.ts'
import { apiReference } from './api-reference.ts'
import { Assets } from './assets.ts'
import { type CommandDescription, commandReference } from './command-reference.ts'
import { type Frame, missingDocument, pageDocument, searchDocument } from './layout.ts'
import { renderMarkdown } from './markdown.ts'
import { readNavigation, withGenerated } from './navigation.ts'
import type { Page, Source } from './page.ts'
import { createSearch, type Search } from './search.ts'
import { addressOf, readSources, resolveLink } from './sources.ts'

export interface DocumentationSources {
  /** Folder of the installed package, which has `docs/` and `web/`. */
  readonly packageRoot: string
  readonly version: string
  readonly openApi: ApiDescription
  /** The command line, with everything below it. */
  readonly commands: CommandDescription
  /** Whether the web application is at the same address. */
  readonly besideStudio: boolean
}

/** What a browser is sent. */
export interface DocumentationAnswer {
  readonly status: 200 | 301 | 304 | 404
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** The documentation as a site below `/docs/`. Pages are made when they are first asked for, and kept. */
export interface Documentation {
  /** Answers a request for an address below `/docs`, query and all. */
  answer(address: string, ifNoneMatch?: string): Promise<DocumentationAnswer>
  /** Addresses of all pages. */
  addresses(): readonly string[]
}

/** Reads which pages there are, and nothing more. */
export async function createDocumentation(parts: DocumentationSources): Promise<Documentation> {
  const generated = [...apiReference(parts.openApi), commandReference(parts.commands)]
  const sources = [...(await readSources(parts.packageRoot)), ...generated]
  const home = sources.find(({ path }) => path === '')
  if (home === undefined) throw new Error('docs/README.md is missing')
  const navigation = withGenerated(readNavigation(await home.read(), home, sources), generated)
  return new Site(
    sources,
    { version: parts.version, navigation, besideStudio: parts.besideStudio },
    new Assets(parts.packageRoot),
  )
}

class Site implements Documentation {
  readonly #sources: readonly Source[]
  readonly #frame: Frame
  readonly #assets: Assets
  readonly #pages = new Map<string, Promise<Page>>()
  #search: Promise<Search> | undefined

  constructor(sources: readonly Source[], frame: Frame, assets: Assets) {
    this.#sources = sources
    this.#frame = frame
    this.#assets = assets
  }

  addresses(): readonly string[] {
    return this.#sources.map(addressOf)
  }

  async answer(address: string, ifNoneMatch?: string): Promise<DocumentationAnswer> {
    const { pathname, searchParams } = new URL(address, 'http://localhost')
    if (pathname === '/docs/search') {
      const question = (searchParams.get('q') ?? '').trim().slice(0, 200)
      this.#search ??= this.#makeSearch()
      const hits = question === '' ? [] : (await this.#search)(question)
      return pageAnswer(searchDocument(this.#frame, question, hits), ifNoneMatch)
    }
    const source = this.#sources.find((one) => addressOf(one) === pathname)
    if (source !== undefined)
      return pageAnswer(pageDocument(this.#frame, pathname, await this.#page(source)), ifNoneMatch)
    const asset = await this.#assets.find(pathname)
    if (asset !== undefined) return answerOf(200, asset.type, asset.content, ifNoneMatch)
    return this.#elsewhere(pathname)
  }

  /** A page at its address with or without a slash, or as its file is called, is shown at its own address. */
  #elsewhere(pathname: string): DocumentationAnswer {
    const plain = pathname.replace(/\/$|\.md$|\/README\.md$/, '')
    const source = this.#sources.find((one) => [plain, `${plain}/`].includes(addressOf(one)))
    if (source === undefined) return pageAnswer(missingDocument(this.#frame), undefined, 404)
    return { status: 301, headers: { location: addressOf(source) }, body: '' }
  }

  #page(source: Source): Promise<Page> {
    const known = this.#pages.get(source.path)
    if (known !== undefined) return known
    const page = source.read().then((text) =>
      renderMarkdown(text, {
        resolve: (link) => resolveLink(link, source, this.#sources) ?? link,
        errorAddress: (code) => `/docs/errors#${code.toLowerCase()}`,
      }),
    )
    this.#pages.set(source.path, page)
    return page
  }

  /** Between pages it lets others have their turn: a studio goes on answering meanwhile. */
  async #makeSearch(): Promise<Search> {
    const pages: { readonly address: string; readonly page: Page }[] = []
    for (const source of this.#sources.filter(({ path }) => path !== 'license')) {
      pages.push({ address: addressOf(source), page: await this.#page(source) })
      await setImmediate()
    }
    return createSearch(pages)
  }
}

/** Everything comes from the site itself, and nothing is written into a page that runs or dresses it. */
const pagePolicy = [
  `default-src 'none'`,
  ...['script-src', 'style-src', 'img-src', 'font-src'].map((kind) => `${kind} 'self'`),
  `base-uri 'none'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
].join('; ')

function pageAnswer(
  text: string,
  ifNoneMatch: string | undefined,
  status: 200 | 404 = 200,
): DocumentationAnswer {
  return answerOf(status, 'text/html; charset=utf-8', text, ifNoneMatch)
}

function answerOf(
  status: 200 | 404,
  type: string,
  body: string | Buffer,
  ifNoneMatch: string | undefined,
): DocumentationAnswer {
  const etag = `"${digestOf(body).slice('sha256:'.length, 'sha256:'.length + 32)}"`
  const headers = {
    'cache-control': 'no-cache',
    etag,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(type.startsWith('text/html') && { 'content-security-policy': pagePolicy }),
  }
  if (ifNoneMatch === etag) return { status: 304, headers, body: '' }
  return { status, headers: { ...headers, 'content-type': type }, body }
}
