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

  it('weighs the title twice and leaves out what says nothing', () => {
    expect(query.terms.get('picker')).toBe(4)
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
