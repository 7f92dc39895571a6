import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redact, redactFields, redactText } from './redaction.ts'
import { secretRules } from './secret-rules.ts'

// Put together at run time, so that no scanner takes this file for a leak.
const join = (...parts: string[]): string => parts.join('')
const secrets: Record<string, string> = {
  'aws-access-key': join('AKIA', 'IOSFODNN7EXAMPLE'),
  'github-token': join('ghp', '_', 'a1B2'.repeat(9)),
  'gitlab-token': join('glpat', '-', 'abcdefghij0123456789'),
  'slack-token': join('xoxb', '-123456789012-abcdefghijkl'),
  'stripe-key': join('sk', '_live_', '4eC39HqLyjWDarjtT1zdp7dc'),
  'anthropic-key': join('sk-', 'ant-', 'api03-abcdefghijklmnopqrst'),
  'google-key': join('AIza', 'SyA1234567890abcdefghijklmnopqrstuv'),
  'npm-token': join('npm', '_', 'abcdef'.repeat(6)),
  'json-web-token': join('eyJ', 'hbGciOiJIUzI1NiJ9', '.eyJ', 'zdWIiOiIxMjM0In0', '.dozjgNryP4J3jVmNHl0w5N'),
  'private-key': join('-----BEGIN RSA ', 'PRIVATE KEY-----\nMIIE\nabc\n-----END RSA ', 'PRIVATE KEY-----'),
}

describe('redaction', () => {
  it.each(Object.entries(secrets))('hides a %s anywhere in a value', (rule, secret) => {
    const { value, rules } = redact({ log: [{ line: `token is ${secret} here` }], [secret]: 1 })
    expect(rules).toEqual([rule])
    expect(JSON.stringify(value)).not.toContain(secret.slice(8))
    expect(value.log[0]?.line).toBe(`token is [redacted:${rule}] here`)
  })

  it('keeps what surrounds a secret', () => {
    expect(redactText('postgres://user:hunter2@db:5432/x')).toBe(
      'postgres://user:[redacted:url-credentials]@db:5432/x',
    )
    expect(redactText('Authorization: Bearer abcdefghijk')).toBe(
      'Authorization: Bearer [redacted:authorization]',
    )
    expect(redactText(`aws_secret_access_key = ${'a'.repeat(40)}`)).toBe(
      'aws_secret_access_key = [redacted:aws-secret-key]',
    )
  })

  it('hides a private key that was cut off', () => {
    expect(redactText(join('x -----BEGIN ', 'PRIVATE KEY-----\nMIIE'))).toBe('x [redacted:private-key]')
  })

  it('hides log fields by their name', () => {
    expect(redactFields({ password: 'x', db_password: 'y', passwords: 3, note: 'z' })).toEqual({
      password: '[redacted:name]',
      db_password: '[redacted:name]',
      passwords: 3,
      note: 'z',
    })
  })

  it('leaves ordinary values, git objects and digests untouched', () => {
    const ordinary = {
      tree: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
      digest: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      patch:
        '--- a/x.js\n+++ b/x.js\n@@ -1 +1 @@\n-const risk-assessment = task-1\n+http://localhost:8080/a@b',
    }
    expect(redact(ordinary)).toEqual({ value: ordinary, rules: [] })
    expect(redact(ordinary).value).toBe(ordinary)
  })

  /** Every rule on the whole text, whatever marks are in it. */
  const fullScan = (text: string): string =>
    secretRules.reduce(
      (result, { name, pattern, keep = '' }) => result.replace(pattern, `${keep}[redacted:${name}]`),
      text,
    )

  it('finds by its marks all that the patterns find', () => {
    const planted = [
      ...Object.values(secrets),
      'postgres://user:hunter2@db',
      'AUTHORIZATION: bearer abcdefghijk',
      `AWS_Secret_Access_Key="${'a1/+'.repeat(10)}"`,
      join('https://hooks.', 'slack.com/services/T00000000/B00000000/abcdefgh'),
      join('pypi-', 'AgE', 'x'.repeat(60)),
      join('sk-', 'proj-', 'y'.repeat(40)),
    ]
    const marks = secretRules.flatMap((rule) => rule.marks)
    const fragment = fc.oneof(
      fc.constantFrom(...planted),
      fc.constantFrom(...marks, ...marks.map((mark) => mark.toUpperCase())),
      fc.constantFrom('[redacted:', ']', '@', ':', '-', '_', ' ', '\n', '"', '='),
      fc.string({ maxLength: 8 }),
      // What patterns match is found by making it from them, too.
      ...secretRules.map(({ pattern }) => fc.constant(pattern.source.replaceAll(/[\\()[\]{}|?:*+$^]/g, 'a'))),
    )
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (fragments) => {
        const text = fragments.join('')
        expect(redactText(text)).toBe(fullScan(text))
      }),
      { numRuns: 2000 },
    )
    for (const secret of planted) expect(redactText(secret)).not.toBe(secret)
  })

  it('finds nothing more the second time', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(...Object.values(secrets)),
        fc.string(),
        (before, secret, after) => {
          const once = redactText(`${before} ${secret} ${after}`)
          expect(redactText(once)).toBe(once)
          expect(once).not.toContain(secret)
        },
      ),
    )
  })

  it('takes linear time on hostile text', () => {
    const started = performance.now()
    for (const text of ['-----BEGIN PRIVATE KEY-----', 'eyJ', 'a:', 'http://a:', 'authorization: ', 'sk-']) {
      redactText(text.repeat(200_000 / text.length))
    }
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
