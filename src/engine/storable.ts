import type { ErrorReport } from '../kernel/index.ts'
import type { JsonObject, JsonValue } from './ports.ts'

const longestText = 16_384
const largestMembers = 1000

/** Events are read by people and kept for long: what is longer is cut. */
export function storableObject(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, largestMembers)
      .map(([key, member]) => [storableText(key), storableValue(member)]),
  )
}

function storableValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.slice(0, largestMembers).map(storableValue)
  return value !== null && typeof value === 'object' ? storableObject(value) : value
}

/** The value whole, but for what `jsonb` cannot hold. */
export function storableWhole(value: JsonValue): JsonValue {
  if (typeof value === 'string') return wellFormed(value)
  if (Array.isArray(value)) return value.map(storableWhole)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [wellFormed(key), storableWhole(member)]),
  )
}

/** PostgreSQL's `jsonb` and `text` hold neither NUL nor half a surrogate pair. */
function wellFormed(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD')
}

export function storableText(text: string): string {
  const whole = wellFormed(text)
  return whole.length <= longestText ? whole : `${whole.slice(0, longestText).toWellFormed()}…`
}

export function storableReport(report: ErrorReport): ErrorReport
export function storableReport(report: ErrorReport | null): ErrorReport | null
export function storableReport(report: ErrorReport | null): ErrorReport | null {
  if (report === null) return null
  return { ...report, message: storableText(report.message), details: storableDetails(report.details) }
}

/** Details are whatever an error was given; only their JSON can be stored. */
function storableDetails(details: ErrorReport['details']): JsonObject {
  try {
    const value: unknown = JSON.parse(
      JSON.stringify(details, (_key, member: unknown) =>
        typeof member === 'bigint' ? String(member) : member,
      ),
    )
    return isJsonObject(value) ? storableObject(value) : {}
  } catch {
    return {}
  }
}

/** What `JSON.parse` returned for an object. */
function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
