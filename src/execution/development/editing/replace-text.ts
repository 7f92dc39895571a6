import { developmentErrors } from '../errors.ts'
import { explainMismatch, lineOf, occurrencesOf, withLineEndsOf } from './locate-text.ts'

/** One replacement of text in a file. */
export interface Replacement {
  /** Exactly as it stands in the file. */
  readonly find: string
  readonly replace: string
  /** Replaces every occurrence; otherwise there has to be exactly one. */
  readonly all: boolean
}

/**
 * The text with every replacement made, each in what the one before has left. All or nothing.
 *
 * @throws ATL_DEVELOP_TEXT_NOT_FOUND, ATL_DEVELOP_TEXT_AMBIGUOUS, ATL_DEVELOP_NOTHING_CHANGES
 */
export function replaceText(path: string, text: string, replacements: readonly Replacement[]): string {
  const result = replacements.reduce((current, replacement, index) => {
    const which = replacements.length === 1 ? path : `${path}, edit ${index + 1} of ${replacements.length}`
    return replaceOne(which, current, replacement)
  }, text)
  if (result === text) throw developmentErrors.NOTHING_CHANGES({ detail: path })
  return result
}

const namedPlaces = 10

function replaceOne(which: string, text: string, { find, replace, all }: Replacement): string {
  const wanted = withLineEndsOf(find, text)
  const places = occurrencesOf(text, wanted)
  if (places.length === 0)
    throw developmentErrors.TEXT_NOT_FOUND({ detail: `${which}; ${explainMismatch(text, find)}` })
  if (places.length > 1 && !all) {
    const lines = places.slice(0, namedPlaces).map((offset) => lineOf(text, offset))
    const more = places.length > namedPlaces ? ', …' : ''
    throw developmentErrors.TEXT_AMBIGUOUS({
      detail: `${which}: ${places.length} times, in lines ${lines.join(', ')}${more}`,
    })
  }
  return text.split(wanted).join(withLineEndsOf(replace, text))
}
