import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, digestOf } from './index.ts'

/** What is stored under digests was written by this, so it must never come out differently. */
function reference(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  )
}

describe('canonical JSON', () => {
  it('is the same as ever for all that can be written as JSON', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'toString', '10', '9', ''),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, tie('leaf'), fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
      leaf: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant(undefined),
        fc.date(),
        fc.constant({ toJSON: () => ({ b: 1, a: { d: 1, c: 2 } }) }),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        expect(canonicalJson([value])).toBe(reference([value]))
      }),
    )
  })

  it('does not depend on the order in which members were given', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: 'x' })).toBe('{"a":"x","b":[{"d":1}]}')
  })
})

describe('a digest', () => {
  it('is that of the UTF-8 of a string', () => {
    expect(digestOf('straße')).toBe(digestOf(Buffer.from('straße')))
    expect(digestOf('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })
})
