import { describe, expect, it } from 'vitest'
import { filterOf } from './run-filter.ts'

describe('the filter of an address', () => {
  it('is what the query says', () => {
    expect(filterOf({ status: 'failed', text: 'till' })).toEqual({ status: 'failed', text: 'till' })
    expect(filterOf({ outcome: 'escalated' })).toEqual({ outcome: 'escalated' })
  })

  it('is empty for nothing, and for what means nothing', () => {
    expect(filterOf({})).toEqual({})
    expect(filterOf({ status: 'sleeping', text: '' })).toEqual({})
  })
})
