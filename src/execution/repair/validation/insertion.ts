/**
 * A piece of text to be put into a source without replacing any of it. At one position closing pieces come first, the
 * innermost foremost, then points, then opening pieces, the outermost foremost; so pieces that belong to nested syntax
 * nest as well.
 */
export interface Insertion {
  readonly position: number
  readonly text: string
  readonly kind: 'close' | 'point' | 'open'
  /** Depth in the syntax tree of the node that the piece belongs to. */
  readonly depth: number
}

const kindOrder = { close: 0, point: 1, open: 2 } as const

/** The text with all pieces put in. */
export function insertAll(text: string, insertions: readonly Insertion[]): string {
  const sorted = [...insertions].sort(
    (a, b) =>
      a.position - b.position ||
      kindOrder[a.kind] - kindOrder[b.kind] ||
      (a.kind === 'close' ? b.depth - a.depth : a.depth - b.depth),
  )
  const parts: string[] = []
  let at = 0
  for (const insertion of sorted) {
    parts.push(text.slice(at, insertion.position), insertion.text)
    at = insertion.position
  }
  parts.push(text.slice(at))
  return parts.join('')
}

/** Two pieces around a node. */
export function around(
  node: { readonly start: number; readonly end: number; readonly depth: number },
  before: string,
  after: string,
): readonly Insertion[] {
  return [
    { position: node.start, text: before, kind: 'open', depth: node.depth },
    { position: node.end, text: after, kind: 'close', depth: node.depth },
  ]
}
