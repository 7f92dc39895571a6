import { expect, test } from 'vitest'
import { readFilters } from './filters.ts'

test('reads what the address says and leaves out what is empty or unknown', () => {
  expect(readFilters({ principal: 'person:ada', text: '', outcome: 'maybe', record: '7' })).toEqual({
    principalId: 'person:ada',
  })
  expect(readFilters({ outcome: 'denied', run: 'run_1' })).toEqual({ outcome: 'denied', runId: 'run_1' })
})

test('takes both days whole', () => {
  const { since = '', until = '' } = readFilters({ from: '2026-05-01', to: '2026-05-01' })
  expect(Date.parse(until) - Date.parse(since)).toBe(86_400_000)
  expect(new Date(since).getHours()).toBe(0)
})

test('is not led astray by what is no day', () => {
  expect(readFilters({ from: 'yesterday', to: '2026-13' })).toEqual({})
})
