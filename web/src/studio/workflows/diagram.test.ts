import { expect, test } from 'vitest'
import { momentsOf } from './diagram.ts'

test('draws the steps of a definition', () => {
  const step = { with: {}, parallel: 8, timeout: '10m', onFailure: 'fail' as const }
  const steps = [
    { ...step, id: 'find', kind: 'tool' as const, uses: 'files.search', needs: [] },
    {
      ...step,
      id: 'mend',
      kind: 'agent' as const,
      uses: 'developer',
      needs: ['find'],
      title: 'Mend',
      over: 'x',
    },
  ]
  const moments = momentsOf({ name: 'w', version: 1, description: '', inputs: {}, steps, result: {} })
  expect(moments).toMatchObject([
    { id: 'find', title: 'find', needs: [], progress: 'tool · files.search' },
    { id: 'mend', title: 'Mend', needs: ['find'], progress: 'agent · developer · for each' },
  ])
})
