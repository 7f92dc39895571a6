import { Marked, type Token, type Tokens } from 'marked'
import type { Source } from './page.ts'
import { addressOf, resolveLink } from './sources.ts'

export interface NavigationEntry {
  readonly title: string
  readonly address: string
}

export interface NavigationSection {
  readonly title: string
  readonly entries: readonly NavigationEntry[]
}

/**
 * The order in which the documentation is read, as its first page has it: each heading of the second level is a section, and
 * each link at the beginning of an item of a list below it a page.
 */
export function readNavigation(text: string, home: Source, sources: readonly Source[]): NavigationSection[] {
  const sections: { title: string; entries: NavigationEntry[] }[] = []
  for (const token of new Marked().lexer(text)) {
    if (token.type === 'heading' && token['depth'] === 2)
      sections.push({ title: (token as Tokens.Heading).text, entries: [] })
    if (token.type !== 'list') continue
    for (const item of (token as Tokens.List).items) {
      const link = firstLink(item.tokens)
      const address = link === undefined ? undefined : resolveLink(link.href, home, sources)
      if (link !== undefined && address?.startsWith('/docs/'))
        sections.at(-1)?.entries.push({ title: link.text, address })
    }
  }
  return sections.filter(({ entries }) => entries.length > 0)
}

function firstLink(tokens: readonly Token[]): Tokens.Link | undefined {
  const [first] = tokens
  if (first === undefined || first.type === 'link') return first as Tokens.Link | undefined
  return 'tokens' in first ? firstLink(first.tokens ?? []) : undefined
}

/** What is generated comes last, in one section. */
export function withGenerated(
  sections: readonly NavigationSection[],
  generated: readonly (Source & { readonly title: string })[],
): NavigationSection[] {
  const entries = generated.map((source) => ({ title: source.title, address: addressOf(source) }))
  return [...sections, { title: 'Reference', entries }]
}
