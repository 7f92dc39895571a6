import type { ChangedFile } from './changed-file.ts'

const maxLine = 2_000

/** The lines that a change adds to a file, with their numbers; longer lines are cut. */
export function addedLines(file: ChangedFile): readonly { readonly number: number; readonly text: string }[] {
  if (file.after === null) return []
  const lines = file.after.split('\n')
  return file.addedLines.map((number) => ({ number, text: (lines[number - 1] ?? '').slice(0, maxLine) }))
}

/** A piece of text short enough for a finding. */
export function excerpt(text: string): string {
  return text.length > 400 ? `${text.slice(0, 399)}…` : text
}
