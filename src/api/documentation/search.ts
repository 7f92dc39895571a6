import MiniSearch from 'minisearch'
import type { Page } from './page.ts'

export interface Hit {
  readonly address: string
  readonly page: string
  readonly heading: string
  /** Text around the first word that was found, in parts; every other one was searched for. */
  readonly excerpt: readonly string[]
}

export type Search = (question: string) => readonly Hit[]

interface Entry {
  readonly id: number
  readonly address: string
  readonly page: string
  readonly heading: string
  readonly text: string
}

const mostHits = 30
const mostWords = 12
const longestQuestion = 200

/** Finds passages by their words, beginnings of words, and words that are nearly the same. */
export async function createSearch(
  pages: readonly { readonly address: string; readonly page: Page }[],
): Promise<Search> {
  const entries: Entry[] = pages.flatMap(({ address, page }) =>
    page.passages.map(({ anchor, heading, text }) => ({
      id: 0,
      address: anchor === undefined ? address : `${address}#${anchor}`,
      page: page.title,
      heading: anchor === undefined ? '' : heading,
      text,
    })),
  )
  const numbered = entries.map((entry, id) => ({ ...entry, id }))
  const index = new MiniSearch<Entry>({
    fields: ['page', 'heading', 'text'],
    searchOptions: {
      boost: { page: 4, heading: 3 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      combineWith: 'AND',
    },
  })
  await index.addAllAsync(numbered, { chunkSize: 200 })
  return (question) => {
    const words = question.slice(0, longestQuestion).split(/\s+/).slice(0, mostWords).join(' ')
    return index
      .search(words)
      .slice(0, mostHits)
      .flatMap(({ id, terms }) => {
        const entry = numbered[id as number]
        return entry === undefined ? [] : [{ ...entry, excerpt: excerptOf(entry.text, terms) }]
      })
  }
}

const before = 60
const length = 220

function excerptOf(text: string, terms: readonly string[]): string[] {
  const pattern = new RegExp(`(${terms.map(escaped).join('|')})`, 'giu')
  const found = Math.max(0, text.search(pattern))
  const start = found <= before ? 0 : text.indexOf(' ', found - before) + 1
  const cut = text.slice(start, start + length)
  const marked = `${start > 0 ? '… ' : ''}${cut}${start + length < text.length ? ' …' : ''}`
  return marked.split(pattern)
}

function escaped(term: string): string {
  return term.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
