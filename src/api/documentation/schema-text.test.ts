import { describe, expect, it } from 'vitest'
import { exampleOf } from './schema-example.ts'
import { boundsOf, schemaText, shapesIn } from './schema-text.ts'

const page = {
  type: 'object',
  properties: {
    items: { type: 'array', items: { $ref: '#/components/schemas/Run' } },
    next: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  },
  required: ['items', 'next'],
} as const

describe('a shape', () => {
  it('is written as TypeScript would, in one line or in several', () => {
    expect(schemaText(page)).toBe('{ items: Run[], next: string | null }')
    expect(schemaText({ type: 'array', items: { enum: ['a', 'b'] } })).toBe('("a" | "b")[]')
    const wide = {
      type: 'object',
      properties: Object.fromEntries('abcd'.split('').map((name) => [name, page])),
    }
    expect(schemaText(wide).split('\n')).toHaveLength(6)
    expect(schemaText(wide)).toContain('\n  a?: { items: Run[], next: string | null }\n')
  })

  it('names the shapes in it once each, and its bounds in words', () => {
    expect(shapesIn([page, page])).toEqual(['Run'])
    expect(boundsOf({ type: 'integer', minimum: 1, maximum: 200, default: 50 })).toBe(
      '1 to 200, `50` when absent',
    )
    expect(boundsOf({ type: 'string', minLength: 1 })).toBe('not empty')
  })

  it('has an example with everything that has to be there', () => {
    const shapes = { Run: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } }
    expect(exampleOf(page, shapes)).toEqual({ items: [{ id: 'example' }], next: 'example' })
    expect(exampleOf({ type: 'string', pattern: '^[a-z]+(-[a-z]+)+$' }, {})).toBe('read-run')
    expect(exampleOf({ type: 'string', minLength: 20 }, {})).toBe('example.............')
  })
})
