import type { ErrorReport } from '../../kernel/index.ts'

/** A shape that secrets have. Patterns run on untrusted text, so none may backtrack more than linearly. */
interface SecretRule {
  readonly name: string
  readonly pattern: RegExp
  /** What stays in place of the match; `$1` is what has to be kept. */
  readonly keep?: string
}

const secretRules: readonly SecretRule[] = [
  {
    name: 'private-key',
    pattern: /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|$)/g,
  },
  { name: 'task-key', pattern: /\batl_sk_[A-Za-z0-9_-]{20,255}/g },
  { name: 'aws-access-key', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g },
  {
    name: 'aws-secret-key',
    pattern: /(aws_?secret_?access_?key["']?\s{0,4}[:=]\s{0,4}["']?)[A-Za-z0-9/+]{40}\b/gi,
    keep: '$1',
  },
  { name: 'github-token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{36,255})\b/g },
  { name: 'gitlab-token', pattern: /\bgl(?:pat|ptt|dt|rt|cbt)-[A-Za-z0-9_-]{20,255}/g },
  { name: 'slack-token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g },
  { name: 'slack-webhook', pattern: /https:\/\/hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,255}/g },
  { name: 'stripe-key', pattern: /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}\b/g },
  { name: 'anthropic-key', pattern: /\bsk-ant-[A-Za-z0-9_-]{20,255}/g },
  { name: 'openai-key', pattern: /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,255}/g },
  { name: 'google-key', pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { name: 'npm-token', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { name: 'pypi-token', pattern: /\bpypi-AgE[A-Za-z0-9_-]{50,1000}/g },
  {
    name: 'json-web-token',
    pattern: /\beyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,4096}/g,
  },
  {
    name: 'authorization',
    pattern:
      /(\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4})[A-Za-z0-9+/=._~-]{8,4096}/gi,
    keep: '$1',
  },
  {
    name: 'url-credentials',
    pattern: /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@"'<>]{0,128}:)[^\s/?#@"'<>]{1,256}(?=@)/gi,
    keep: '$1',
  },
]

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
  const redacted = redactMember(value, rules) as T
  return { value: rules.size === 0 ? value : redacted, rules: [...rules].sort() }
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

function redactMember(value: unknown, rules: Set<string>): unknown {
  if (typeof value === 'string') return redactString(value, rules)
  if (Array.isArray(value)) return value.map((member) => redactMember(member, rules))
  if (value === null || typeof value !== 'object') return value
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redactString(name, rules), redactMember(member, rules)]),
  )
}

function redactString(text: string, rules: Set<string>): string {
  if (text.length < 12) return text
  let result = text
  for (const { name, pattern, keep = '' } of secretRules) {
    const replaced = result.replace(pattern, `${keep}[redacted:${name}]`)
    if (replaced === result) continue
    rules.add(name)
    result = replaced
  }
  return result
}
