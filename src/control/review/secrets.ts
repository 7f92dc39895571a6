import { lintSource } from '@secretlint/core'
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend'
import type { Finding } from '../../contracts/index.ts'
import type { ChangedFile } from './changed-file.ts'
import { addedLines } from './excerpt.ts'

/** What the preset leaves to others: tokens of further services, keys that are cut off, and passwords in plain words. */
const ownRules: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['private key', /-----BEGIN (?:[A-Z]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----/],
  ['AWS access key id', /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/],
  ['Google API key', /\bAIza[\w-]{35}\b/],
  ['Stripe key', /\b[sr]k_live_[A-Za-z0-9]{16,128}\b/],
  ['JSON web token', /\beyJ[\w-]{10,1024}\.eyJ[\w-]{10,1024}\.[\w-]{16,1024}/],
  ['GitLab token', /\bglpat-[\w-]{20,64}\b/],
  ['npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['model provider key', /\bsk-(?:ant-|proj-)?[\w-]{24,200}\b/],
  ['password in a URL', /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@'"]{1,128}:[^\s:/@'"$<{]{3,128}@[\w.-]/],
]

const assignment =
  /\b\w{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|credential)\w{0,40}["']?\s{0,4}(?::|=>?|:=)\s{0,4}["'`]([^"'`\s]{8,200})["'`]/i
const placeholder =
  /^(?:[x*.•-]+|.*(?:example|sample|dummy|changeme|placeholder|your[_-]|test|fake|mock|redacted|todo|<|\$\{|\{\{|process\.env|xxx).*)$/i

/** Findings about secrets in lines that the change adds. The secret itself is never repeated. */
export async function findSecrets(files: readonly ChangedFile[]): Promise<readonly Finding[]> {
  const found = await Promise.all(files.map(secretsOf))
  return found.flat()
}

async function secretsOf(file: ChangedFile): Promise<readonly Finding[]> {
  const lines = addedLines(file)
  if (lines.length === 0) return []
  const findings = new Map<number, Finding>()
  const report = (line: number, what: string, severity: Finding['severity']): void => {
    if (findings.has(line)) return
    findings.set(line, {
      rule: 'security/secret',
      severity,
      message: `${what} is added to ${file.path}`,
      file: file.path,
      line,
      suggestion: 'Take it out, revoke it, and read it from the environment or a secret store instead.',
    })
  }
  // Only what is added is scanned: what was there before is not this change's doing.
  const text = lines.map((line) => line.text).join('\n')
  const result = await lintSource({
    source: { content: text, filePath: `/${file.path}`, contentType: 'text', ext: '' },
    options: {
      noPhysicFilePath: true,
      maskSecrets: true,
      config: { rules: [{ id: 'recommended', rule: recommended }] },
    },
  })
  for (const message of result.messages) {
    const line = lines[message.loc.start.line - 1]
    if (line !== undefined) report(line.number, kindOf(message.ruleId), 'critical')
  }
  for (const { number, text: line } of lines) {
    const rule = ownRules.find(([, pattern]) => pattern.test(line))
    if (rule !== undefined) report(number, `a ${rule[0]}`, 'critical')
    const value = assignment.exec(line)?.[1]
    if (value === undefined || placeholder.test(value) || entropyOf(value) < 3) continue
    report(number, 'what looks like a password or key', file.kind === 'test' ? 'medium' : 'high')
  }
  return [...findings.values()]
}

/** `@secretlint/secretlint-rule-slack` → `a secret (slack)`. */
function kindOf(ruleId: string): string {
  return `a secret (${ruleId.slice(ruleId.lastIndexOf('secretlint-rule-') + 'secretlint-rule-'.length)})`
}

/** Shannon entropy in bits per character. Words have less than 3, random keys more than 3.5. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  return [...counts.values()].reduce(
    (sum, count) => sum - (count / text.length) * Math.log2(count / text.length),
    0,
  )
}
