import { Marked, Renderer, type Token, type Tokens } from 'marked'
import { highlight } from './highlighting.ts'
import { escapeHtml } from './html.ts'
import type { Heading, Page, Passage } from './page.ts'

/** What a Markdown text needs to know of the site that it becomes a page of. */
export interface Surroundings {
  /** The address on the site of a link as it stands in the text; as it is, where it leads out of the site. */
  readonly resolve: (link: string) => string
  /** Where an error code is explained. */
  readonly errorAddress: (code: string) => string
}

const errorCode = /^ATL(?:_[A-Z0-9]+){2,}$/

/** Makes a page of a Markdown text. HTML inside of it is shown as text, so a page holds only what is made here. */
export function renderMarkdown(text: string, surroundings: Surroundings): Page {
  const marked = new Marked({ gfm: true })
  const renderer = new PageRenderer(surroundings)
  const tokens = marked.lexer(text)
  const content = marked.parser(tokens, { renderer })
  return {
    title: renderer.headings.find(({ depth }) => depth === 1)?.text ?? 'Atelier',
    content,
    headings: renderer.headings.filter(({ depth }) => depth > 1),
    passages: passagesOf(tokens, renderer.headings),
    anchors: renderer.anchors,
  }
}

class PageRenderer extends Renderer {
  readonly headings: Heading[] = []
  readonly anchors = new Set<string>()
  readonly #surroundings: Surroundings

  constructor(surroundings: Surroundings) {
    super()
    this.#surroundings = surroundings
  }

  override heading({ tokens, depth, text }: Tokens.Heading): string {
    const id = this.#anchor(slugOf(plainText(tokens)))
    this.headings.push({ id, depth, text: plainText(tokens) })
    const link =
      depth === 1
        ? ''
        : ` <a class="anchor" href="#${id}" aria-label="Link to ${escapeHtml(text.replaceAll('`', ''))}">#</a>`
    return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}${link}</h${depth}>\n`
  }

  override link({ href, tokens }: Tokens.Link): string {
    const address = this.#surroundings.resolve(href)
    return `<a href="${escapeHtml(address)}">${this.parser.parseInline(tokens)}</a>`
  }

  override image({ href, text }: Tokens.Image): string {
    return `<img src="${escapeHtml(this.#surroundings.resolve(href))}" alt="${escapeHtml(text)}" loading="lazy">`
  }

  override code({ text, lang }: Tokens.Code): string {
    const language = lang?.split(' ')[0] ?? ''
    const label = language === '' ? 'Text' : `Code in ${escapeHtml(language)}`
    return `<div class="code"><pre tabindex="0" role="group" aria-label="${label}"><code>${highlight(text, language)}</code></pre></div>\n`
  }

  override codespan({ text }: Tokens.Codespan): string {
    const code = `<code>${escapeHtml(text)}</code>`
    return errorCode.test(text) ? `<a href="${this.#surroundings.errorAddress(text)}">${code}</a>` : code
  }

  /** A table scrolls by itself. The row of an error code can be linked to. */
  override table({ header, rows }: Tokens.Table): string {
    const head = header.map((cell) => `<th scope="col">${this.parser.parseInline(cell.tokens)}</th>`).join('')
    const body = rows.map((row) => this.#row(row)).join('\n')
    const names = header.map(({ tokens }) => plainText(tokens)).filter((name) => name !== '')
    const label = escapeHtml(names.length === 0 ? 'Table' : `Table of ${names.join(', ')}`)
    const headRow = names.length === 0 ? '' : `<thead><tr>${head}</tr></thead>`
    return `<div class="table" tabindex="0" role="group" aria-label="${label}"><table>${headRow}<tbody>\n${body}\n</tbody></table></div>\n`
  }

  override html({ text }: Tokens.HTML | Tokens.Tag): string {
    return escapeHtml(text)
  }

  #row(cells: readonly Tokens.TableCell[]): string {
    const id = rowAnchor(cells)
    const written = cells.map(({ tokens }) => `<td>${this.parser.parseInline(tokens)}</td>`).join('')
    return id === undefined ? `<tr>${written}</tr>` : `<tr id="${this.#anchor(id)}">${written}</tr>`
  }

  /** As on GitHub: what stands there already gets a number. */
  #anchor(wanted: string): string {
    let id = wanted
    for (let count = 1; this.anchors.has(id); count += 1) id = `${wanted}-${count}`
    this.anchors.add(id)
    return id
  }
}

/** Anchors are those of GitHub, so that a link works there as well. */
function slugOf(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\s-]/gu, '')
    .replaceAll(/\s/g, '-')
}

function rowAnchor([first]: readonly Tokens.TableCell[]): string | undefined {
  const code = plainText(first?.tokens ?? [])
  return errorCode.test(code) ? code.toLowerCase() : undefined
}

/** The words of a text, without its marks. */
function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'image') return ''
      if ('tokens' in token) return plainText(token.tokens)
      return token.type === 'br' ? ' ' : 'text' in token ? String(token.text) : ''
    })
    .join('')
}

/** The text below each heading, and each row that has an anchor. */
function passagesOf(tokens: readonly Token[], headings: readonly Heading[]): Passage[] {
  const passages: Passage[] = []
  let [anchor, heading, words]: [string | undefined, string, string[]] = [undefined, '', []]
  let met = 0
  const end = (): void => {
    if (words.length > 0 || anchor !== undefined) passages.push({ anchor, heading, text: words.join(' ') })
    words = []
  }
  for (const token of tokens) {
    if (token.type === 'heading') {
      end()
      const known = headings[met]
      met += 1
      heading = known?.text ?? ''
      anchor = known?.depth === 1 ? undefined : known?.id
    } else words.push(...wordsOf(token, passages))
  }
  end()
  return passages
}

function wordsOf(token: Token, passages: Passage[]): string[] {
  if (token.type === 'table') {
    const { rows } = token as Tokens.Table
    return rows.flatMap((row) => {
      const [heading = '', ...rest] = row.map(({ tokens }) => plainText(tokens))
      const anchor = rowAnchor(row)
      if (anchor === undefined) return [heading, ...rest]
      passages.push({ anchor, heading, text: rest.join(' ') })
      return []
    })
  }
  if (token.type === 'list')
    return (token as Tokens.List).items.flatMap((item) =>
      item.tokens.flatMap((inner) => wordsOf(inner, passages)),
    )
  if (token.type === 'space') return []
  return [plainText([token])]
}
