/**
 * Escape sequences of terminals: CSI and OSC, and the two-byte ones. Every alternative starts with ESC (or its
 * one-byte form) and is bounded, so the time is linear whatever the text.
 */
const terminalSequences =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]?|\u001b[\]PX^_][^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c)?|\u001b[ -~]?/g

/** Controls besides tab and line feed, and characters that show nothing or reorder what is shown. */
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udfff]/g

/**
 * Text as a person would see it, safe to print: no terminal sequences, no control characters, nothing that hides or
 * reorders text (bidirectional controls, zero-width and tag characters), line breaks as `\n`.
 */
export function displayText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(terminalSequences, '')
    .replace(invisible, '')
}
