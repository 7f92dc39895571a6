const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a file, or undefined if it is binary: it holds a NUL, or bytes that are not UTF-8. */
export function decodeText(content: Uint8Array): string | undefined {
  try {
    const text = strictUtf8.decode(content)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
