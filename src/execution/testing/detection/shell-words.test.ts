import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseShellCommands, quoteWord } from './shell-words.ts'

describe('shell commands', () => {
  it('splits lists and pipelines, with variables in front', () => {
    expect(parseShellCommands(`A=1 B='x y' cmd "a b" c\\ d && e | f; g # rest`)).toMatchObject([
      { joinedBy: null, assignments: [{ name: 'A' }, { name: 'B', value: { text: 'x y' } }] },
      { joinedBy: '&&', words: [{ text: 'e' }] },
      { joinedBy: '|', words: [{ text: 'f' }] },
      { joinedBy: ';', words: [{ text: 'g' }] },
    ])
  })

  it('takes redirections off', () => {
    const [command] = parseShellCommands('cmd a 2>&1 > out.txt') ?? []
    expect(command?.words.map(({ text }) => text)).toEqual(['cmd', 'a'])
    expect(command?.redirections).toEqual(['2>&1', '> out.txt'])
  })

  it.each(['(a; b)', 'a $(b)', 'a `b`', "a 'b", '! a', 'a "$(b)"'])('leaves %s to a shell', (script) => {
    expect(parseShellCommands(script)).toBeNull()
  })

  it('reads every word as a shell does', () => {
    const text = fc
      .string({ unit: fc.constantFrom(...Array.from('ab \'"\\$*?-=~#é')) })
      .filter((word) => word !== '')
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), (texts) => {
        const script = ['printf', "'%s\\n'", ...texts.map(quoteWord)].join(' ')
        const [command] = parseShellCommands(script) ?? []
        expect(command?.words.slice(2).map((word) => word.text)).toEqual(texts)
        expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(`${texts.join('\n')}\n`)
      }),
      { numRuns: 40 },
    )
  })

  it('never fails, whatever a script holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab \'"\\$&|;<>(){}#\n=')) }), (script) => {
        parseShellCommands(script)
      }),
    )
  })
})
