import { functionOf } from '../syntax/index.ts'
import type { Site } from '../syntax/index.ts'
import type { FileContext } from './template.ts'

const operatorsAndLiterals =
  /^(?:this|typeof|instanceof|in|null|true|false|undefined|void|new|Infinity|NaN|async|await)$/

/** Names that a piece of code reads, without what stands in strings and after a dot. */
export function namesIn(code: string): readonly string[] {
  const bare = code.replace(/(['"`])(?:\\.|(?!\1)[^\\])*\1/g, "''")
  const names = [...bare.matchAll(/(?<![\w$.])[A-Za-z_$][\w$]*(?!\s*:)/g)].map((match) => match[0])
  return names.filter((name) => !operatorsAndLiterals.test(name))
}

/**
 * Whether a piece of code from the same file reads at `site` what it reads where it stands: every name is either
 * visible at the site or declared nowhere in the file, as globals are.
 */
export function isReadableAt(code: string, site: Site, context: FileContext, origin?: Site): boolean {
  if (/=>|\bfunction\b|\bawait\b|\byield\b|\barguments\b/.test(code)) return false
  if (/\bthis\b/.test(code) && functionOf(site) === null) return false
  const visible = context.namesAt(site)
  return namesIn(code).every((name) => visible.has(name) || (origin ?? site).scope.lookup(name) === undefined)
}

/** Whether a text holds a name or member as a whole, not as part of a longer one. */
export function mentions(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!/[\w$]/.test(text[at + word.length] ?? '') && !/[\w$.]/.test(text[at - 1] ?? '')) return true
  }
  return false
}
