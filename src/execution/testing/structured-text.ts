import { parse as parseYamlText } from 'yaml'

/** The value of a JSON text that somebody else wrote; undefined if it is none. */
export function parseJson(text: string | null): unknown {
  if (text === null) return undefined
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

/** The value of a YAML text that somebody else wrote; undefined if it is none. */
export function parseYaml(text: string | null): unknown {
  if (text === null) return undefined
  try {
    return parseYamlText(text)
  } catch {
    return undefined
  }
}
