import { termSet } from './terms.ts'

/** Folders below which names are languages. */
const localeFolder = /(?:^|\/)(?:locales?|i18n|l10n|lang|langs|languages?|translations?)\//i
const localeName = /^[a-z]{2,3}(?:[-_][A-Za-z]{2,8})?$/

const languageNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })

/**
 * The words of a path. Issues speak of "the Czech locale" where the path says `locale/cs`, so the English names of
 * languages are among them.
 */
export function wordsOfPath(path: string): string {
  if (!localeFolder.test(path)) return path
  const names = path
    .split('/')
    .map((part) => part.replace(/\.[^.]*$/, ''))
    .filter((part) => localeName.test(part))
    .map((part) => languageName(part.replace('_', '-')))
  return [path, ...names].join(' ')
}

/** The same paths are ranked again and again. Emptied when full. */
const termsOfPaths = new Map<string, ReadonlySet<string>>()
const termsOfPathsMax = 20_000

/** Terms of a path without repetition. */
export function termsOfPath(path: string): ReadonlySet<string> {
  const known = termsOfPaths.get(path)
  if (known !== undefined) return known
  const terms = termSet(wordsOfPath(path))
  if (termsOfPaths.size >= termsOfPathsMax) termsOfPaths.clear()
  termsOfPaths.set(path, terms)
  return terms
}

const knownNames = new Map<string, string>()
const knownNamesMax = 2_000

function languageName(code: string): string {
  const known = knownNames.get(code)
  if (known !== undefined) return known
  const name = lookUpName(code)
  if (knownNames.size < knownNamesMax) knownNames.set(code, name)
  return name
}

/** The name of a language by its code; of `de-AT` both the variety's and the language's. */
function lookUpName(code: string): string {
  try {
    return `${languageNames.of(code) ?? ''} ${languageNames.of(code.split('-')[0] ?? code) ?? ''}`
  } catch {
    // Not every name of this form is a valid code.
    return ''
  }
}
