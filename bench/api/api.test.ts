import { expect, it } from 'vitest'
import benchmarkApi from '../api.ts'

it('measures every request, and streams, of a small installation', { timeout: 300_000 }, async () => {
  const sizes = ['--runs', '80', '--streams', '8', '--repeats', '1', '--loads', '0', '--seconds', '3']
  const { figures, ratio } = await benchmarkApi(sizes)
  expect(ratio).toBeGreaterThan(0)
  expect(Object.keys(figures)).toEqual(
    expect.arrayContaining([
      'runs, newest',
      'run, trace',
      'inbox',
      'audit, deep',
      'ledger, newest',
      '8 streams',
    ]),
  )
  expect(figures['8 streams']).not.toMatch(/NaN/)
})
