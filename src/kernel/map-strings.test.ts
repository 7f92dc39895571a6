import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapStrings } from './index.ts'

// No word of JSON has a z in it.
const shout = (text: string): string => text.replaceAll('z', 'Z')

describe('strings of a JSON value', () => {
  it('are all changed, with the names of members, and nothing else is', () => {
    const text = fc.string({ unit: fc.constantFrom('z', 'a', '"', '\\') })
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.array(tie('tree')),
        fc.dictionary(text, tie('tree')),
        fc.double(),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const expected: unknown = JSON.parse(shout(JSON.stringify(value)))
        expect(JSON.stringify(mapStrings(value, shout))).toBe(JSON.stringify(expected))
      }),
    )
  })

  it('leave every part in which none changes the object that it was', () => {
    const kept = { b: [1, 'c'], at: new Date(0) }
    const value = [kept, 'z']
    expect(mapStrings(value, (text) => text)).toBe(value)
    const mapped = mapStrings(value, shout) as readonly unknown[]
    expect(mapped).toEqual([kept, 'Z'])
    expect(mapped[0]).toBe(kept)
  })

  it('are not looked for in members that are to be left', () => {
    const value = { data: 'z', text: 'z' }
    expect(mapStrings(value, shout, (name) => name === 'data')).toEqual({ data: 'z', text: 'Z' })
  })
})
