/** Reading JSON of others: what is not of the kind asked for is absent. */

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const nothing: JsonObject = Object.freeze({})

export function objectAt(value: JsonObject, key: string): JsonObject {
  const member = value[key]
  return isObject(member) ? member : nothing
}

function listAt(value: JsonObject, key: string): readonly unknown[] {
  const member = value[key]
  return Array.isArray(member) ? member : []
}

export function objectsAt(value: JsonObject, key: string): readonly JsonObject[] {
  return listAt(value, key).filter(isObject)
}

export function textAt(value: JsonObject, key: string): string {
  const member = value[key]
  return typeof member === 'string' ? member : ''
}

/** A whole number that can be a count of something; undefined for anything else. */
export function countAt(value: JsonObject, key: string): number | undefined {
  const member = value[key]
  return typeof member === 'number' && Number.isSafeInteger(member) && member >= 0 ? member : undefined
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
