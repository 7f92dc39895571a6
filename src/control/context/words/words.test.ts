import { describe, expect, it } from 'vitest'
import { termsOfPath } from './paths.ts'
import { parseQuery } from './query.ts'
import { termsOfWord } from './terms.ts'

describe('the terms of a word', () => {
  it.each([
    ['parseDates', ['pars', 'dat', 'parsedat']],
    ['parse_dates', ['pars', 'dat', 'parsedat']],
    ['HTTPServer', ['http', 'server', 'httpserver']],
    ['parsing', ['pars']],
    ['parsed', ['pars']],
    ['entries', ['entry']],
    ['status', ['status']],
    ['größterWert', ['größter', 'wert', 'größterwert']],
    ['x', []],
    ['x'.repeat(100), []],
  ])('%s', (word, terms) => {
    expect(termsOfWord(word)).toEqual(terms)
  })
})

describe('a query', () => {
  const query = parseQuery('Fix formatDate in the date picker', 'See lib/picker.js:12 for the picker')

  it('weighs the title twice, what is repeated ever less, and leaves out what says nothing', () => {
    expect(query.terms.get('picker')).toBe(3.5)
    expect(query.terms.get('formatdat')).toBe(2)
    for (const silent of ['fix', 'the', 'see', 'for']) expect(query.terms.has(silent)).toBe(false)
  })

  it('knows identifiers, words that may belong together, and paths', () => {
    expect([...query.identifiers]).toEqual(['formatdat'])
    expect([...query.glued]).toContain('datepicker')
    expect(query.paths).toEqual(['lib/picker.js'])
  })

  it('has an end, however long the text', () => {
    const text = Array.from({ length: 20_000 }, (_, index) => `word${index} `).join('')
    expect(parseQuery(text).terms.size).toBeLessThan(100)
  })
})

describe('the terms of a path', () => {
  it('include the names of languages, below folders for them', () => {
    expect(termsOfPath('src/locale/cs/index.ts')).toContain('czech')
    expect(termsOfPath('i18n/de_AT.json')).toContain('austrian')
    expect(termsOfPath('src/cs/index.ts')).not.toContain('czech')
    expect(termsOfPath('lang/zz-notalanguage/x.ts')).toContain('lang')
  })
})

describe('an issue', () => {
  const body = [
    '<!-- Thank you for reporting! Fill in the template. -->',
    '### Describe the bug',
    'The `parseDate` call hangs, see https://github.com/o/r/blob/main/src/dates/parse.ts#L12.',
    '```ts',
    "const picker = createPicker('customer')",
    '```',
    '```',
    'TypeError: cannot read month of undefined',
    '    at readMonth (/home/me/node_modules/calendar/src/month.js:10:5)',
    '  File "/usr/lib/python3/site-packages/calendar/core.py", line 3, in run',
    '```',
    '### Environment',
    'Ubuntu 22.04, kernel 6',
    '- [x] I have searched the tracker',
  ].join('\n')
  const query = parseQuery('Dates of leap years hang', body)
  const weight = (term: string): number => query.terms.get(term) ?? 0

  it('is weighed by its parts', () => {
    expect(weight('leap')).toBeGreaterThan(weight('parsedat'))
    expect(weight('parsedat')).toBeGreaterThan(weight('month'))
    expect(weight('month')).toBeGreaterThan(weight('picker'))
    expect(weight('picker')).toBeGreaterThan(weight('ubuntu'))
    for (const form of ['thank', 'template', 'describ', 'tracker', 'hom']) expect(weight(form)).toBe(0)
  })

  it('names paths in the text, in links and in stack traces', () => {
    expect(query.paths).toContain('src/dates/parse.ts')
    expect(query.frames).toEqual([
      '/home/me/node_modules/calendar/src/month.js',
      '/usr/lib/python3/site-packages/calendar/core.py',
    ])
  })

  it('is read in time that grows with its length, whatever it holds', () => {
    const hostile = [
      '<!--'.repeat(20_000),
      '`'.repeat(60_000),
      '('.repeat(60_000),
      'a.'.repeat(30_000),
      'at '.repeat(20_000),
    ]
    const begun = performance.now()
    for (const text of hostile) parseQuery(text, text)
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  it('begins with the part of the code that it is about', () => {
    expect([...parseQuery('fix(net): reset the timer').scope]).toEqual(['net'])
    expect([...parseQuery('hmr: reload twice').scope]).toEqual(['hmr'])
    expect(parseQuery('Timer is reset too late').scope.size).toBe(0)
  })
})
