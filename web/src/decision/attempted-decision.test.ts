import { describe, expect, it } from 'vitest'
import { createIdempotencyKey } from '../api/index.ts'
import { DecisionKeys } from './attempted-decision.ts'

const body = { verdict: 'approved', reason: '', subject: 'sha256:1' } as const

describe('the key of a decision', () => {
  it('stays the same however often the decision is sent', () => {
    const keys = new DecisionKeys()
    expect(keys.keyFor(body)).toBe(keys.keyFor({ ...body }))
  })

  it('is another one for another decision, and for another time', () => {
    const keys = new DecisionKeys()
    const first = keys.keyFor(body)
    expect(keys.keyFor({ ...body, verdict: 'rejected' })).not.toBe(first)
    expect(keys.keyFor(body)).not.toBe(first)
    expect(new DecisionKeys().keyFor(body)).not.toBe(first)
  })

  it('is 128 random bits', () => {
    expect(createIdempotencyKey()).toMatch(/^[0-9a-f]{32}$/)
  })
})
