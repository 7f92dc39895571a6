/** A key or a sequence of keys that does something on the page that is open. */
export interface Shortcut {
  /**
   * Keys one after the other, separated by spaces; `mod` is ⌘ on Apple's machines and Ctrl elsewhere: `g i`, `j`,
   * `mod+k`, `mod+enter`, `?`.
   */
  readonly keys: string
  /** What it does, as the list of all keys shows it: `Go to the inbox`. */
  readonly does: string
  /** Heading in the list of all keys. */
  readonly group: string
  readonly run: () => void
}

/** The part of a keyboard event that a shortcut is about. */
export interface Stroke {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

/** `mod+k`, `?`, `j`: how a stroke is written in {@link Shortcut.keys}; undefined for what no shortcut is made of. */
export function nameStroke({ key, ctrlKey, metaKey, altKey }: Stroke): string | undefined {
  if (altKey || ['Control', 'Meta', 'Shift', 'Alt'].includes(key)) return undefined
  const name = key.toLowerCase()
  return ctrlKey || metaKey ? `mod+${name}` : name
}

/** What the strokes so far mean: the shortcut, or whether more strokes may still make one. */
export function matchStrokes(
  shortcuts: readonly Shortcut[],
  strokes: readonly string[],
): { readonly shortcut: Shortcut | undefined; readonly pending: boolean } {
  const typed = strokes.join(' ')
  // The last one wins: an open dialog's keys come after those of the page under it.
  const shortcut = shortcuts.findLast(({ keys }) => keys === typed)
  const pending = shortcut === undefined && shortcuts.some(({ keys }) => keys.startsWith(`${typed} `))
  return { shortcut, pending }
}
