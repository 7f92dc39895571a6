/** A shape that secrets have. Patterns run on untrusted text, so none may backtrack more than linearly. */
export interface SecretRule {
  readonly name: string
  /** Every match of the pattern has one of these in it, in this case or, if the pattern ignores case, in any. */
  readonly marks: readonly string[]
  readonly pattern: RegExp
  /** What stays in place of the match; `$1` is what has to be kept. */
  readonly keep?: string
}

export const secretRules: readonly SecretRule[] = [
  {
    name: 'private-key',
    marks: ['PRIVATE KEY-----'],
    pattern: /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|$)/g,
  },
  {
    name: 'atelier-secret',
    marks: ['atl_'],
    pattern: /\batl_(?:sk|api|session|link|device)_[A-Za-z0-9_-]{20,255}/g,
  },
  {
    name: 'aws-access-key',
    marks: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g,
  },
  {
    name: 'aws-secret-key',
    marks: ['secret'],
    pattern: /(aws_?secret_?access_?key["']?\s{0,4}[:=]\s{0,4}["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi,
    keep: '$1',
  },
  {
    name: 'github-token',
    marks: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'],
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{36,255})\b/g,
  },
  {
    name: 'gitlab-token',
    marks: ['glpat-', 'glptt-', 'gldt-', 'glrt-', 'glcbt-'],
    pattern: /\bgl(?:pat|ptt|dt|rt|cbt)-[A-Za-z0-9_-]{20,255}/g,
  },
  { name: 'slack-token', marks: ['xox'], pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g },
  {
    name: 'slack-webhook',
    marks: ['hooks.slack.com'],
    pattern: /https:\/\/hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,255}/g,
  },
  {
    name: 'stripe-key',
    marks: ['_live_', '_test_'],
    pattern: /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}\b/g,
  },
  { name: 'anthropic-key', marks: ['sk-'], pattern: /\bsk-ant-[A-Za-z0-9_-]{20,255}/g },
  { name: 'openai-key', marks: ['sk-'], pattern: /\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,255}/g },
  { name: 'google-key', marks: ['AIza'], pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { name: 'npm-token', marks: ['npm_'], pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { name: 'pypi-token', marks: ['pypi-AgE'], pattern: /\bpypi-AgE[A-Za-z0-9_-]{50,1000}/g },
  {
    name: 'json-web-token',
    marks: ['eyJ'],
    pattern: /\beyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,4096}/g,
  },
  {
    name: 'authorization',
    marks: ['authorization'],
    pattern:
      /(\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)\s{1,4})[A-Za-z0-9+/=._~-]{8,4096}/gi,
    keep: '$1',
  },
  {
    name: 'url-credentials',
    marks: ['://'],
    pattern: /(:\/\/[^\s:/?#@"'<>]{0,128}:)[^\s/?#@"'<>]{1,256}(?=@)/g,
    keep: '$1',
  },
]

const rulesByMark: ReadonlyMap<string, readonly SecretRule[]> = new Map(
  secretRules.flatMap(({ marks }) =>
    marks.map((mark) => [
      mark.toLowerCase(),
      secretRules.filter((rule) => rule.marks.some((other) => other === mark)),
    ]),
  ),
)

/** One pass over a text finds all marks, where one for each pattern takes twenty times as long. */
const anyMark = new RegExp(
  secretRules
    .flatMap(({ marks, pattern }) => marks.map((mark) => markPattern(mark, pattern.ignoreCase)))
    .join('|'),
  'g',
)

function markPattern(mark: string, ignoreCase: boolean): string {
  const escape = (character: string): string => character.replace(/[.*+?^${}()|[\]\\/]/, '\\$&')
  const either = (letter: string): string => `[${letter.toLowerCase()}${letter.toUpperCase()}]`
  return mark.replaceAll(/./g, (each) => (ignoreCase && /[a-z]/i.test(each) ? either(each) : escape(each)))
}

/** The rules that may find something in the text, in their order. The others cannot. */
export function suspectedRules(text: string): readonly SecretRule[] {
  anyMark.lastIndex = 0
  if (!anyMark.test(text)) return []
  const suspected = new Set<SecretRule>()
  anyMark.lastIndex = 0
  for (let found = anyMark.exec(text); found !== null; found = anyMark.exec(text)) {
    for (const rule of rulesByMark.get(found[0].toLowerCase()) ?? []) suspected.add(rule)
    // Marks may overlap.
    anyMark.lastIndex = found.index + 1
  }
  return secretRules.filter((rule) => suspected.has(rule))
}
