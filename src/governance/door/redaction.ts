import { mapStrings } from '../../kernel/index.ts'
import type { ErrorReport } from '../../kernel/index.ts'
import { suspectedRules } from './secret-rules.ts'

/** Members of log records that hold secrets whatever they look like. */
const secretNames =
  /^(?:.*[_-])?(?:password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token|authorization|cookie|private[_-]?key)$/i

export interface Redaction<T> {
  readonly value: T
  /** Which rules found something, sorted. */
  readonly rules: readonly string[]
}

/**
 * Replaces what looks like a secret in every string of a JSON value, member names included, by `[redacted:<rule>]`.
 * A value without secrets is returned as it is.
 */
export function redact<T>(value: T): Redaction<T> {
  const rules = new Set<string>()
  const redacted = mapStrings(value, (text) => redactString(text, rules)) as T
  return { value: redacted, rules: [...rules].sort() }
}

/** Like {@link redact}, and also hides members of log records whose names say that they are secret. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(redact(fields).value).map(([name, member]) => [
      name,
      typeof member === 'string' && secretNames.test(name) ? '[redacted:name]' : member,
    ]),
  )
}

/** An error as it is stored: without secrets, and without details that are no JSON. */
export function redactReport(report: ErrorReport): ErrorReport {
  return redact({ ...report, details: plainDetails(report.details) }).value
}

function plainDetails(details: ErrorReport['details']): ErrorReport['details'] {
  try {
    return JSON.parse(JSON.stringify(details)) as ErrorReport['details']
  } catch {
    return {}
  }
}

/** Redacts one string. */
export function redactText(text: string): string {
  return redactString(text, new Set())
}

function redactString(text: string, rules: Set<string>): string {
  let result = text
  for (const { name, pattern, keep = '' } of suspectedRules(text)) {
    const replaced = result.replace(pattern, `${keep}[redacted:${name}]`)
    if (replaced === result) continue
    rules.add(name)
    result = replaced
  }
  return result
}
