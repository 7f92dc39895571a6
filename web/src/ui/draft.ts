import { useState } from 'react'

const prefix = 'atelier.text.'

function read(place: string): string {
  try {
    return sessionStorage.getItem(prefix + place) ?? ''
  } catch {
    return ''
  }
}

/**
 * A text that is being written. It is kept by this tab, so it survives that its dialog is closed, the page loaded again or
 * the session over, until it is sent and set to nothing.
 */
export function useDraft(place: string): readonly [text: string, write: (text: string) => void] {
  const [text, setText] = useState(() => read(place))
  const write = (next: string): void => {
    setText(next)
    try {
      if (next === '') sessionStorage.removeItem(prefix + place)
      else sessionStorage.setItem(prefix + place, next)
    } catch {
      // Storage is forbidden: the text lives as long as its field.
    }
  }
  return [text, write]
}
