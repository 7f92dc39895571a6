import type { Grammar } from './grammar.d.ts'

/** What the documentation uses of highlight.js. Its own declarations bring those of browsers along, which are not Node's. */
interface Highlighter {
  registerLanguage(name: string, grammar: Grammar): void
  getLanguage(name: string): object | undefined
  highlight(code: string, options: { language: string; ignoreIllegals: boolean }): { readonly value: string }
}

declare const highlighter: Highlighter
export default highlighter
