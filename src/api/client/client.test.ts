import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('needs nothing at run time but what it is made of', () => {
  const imports = ['client.ts', 'event-reader.ts', 'failure.ts', 'routes.ts', 'index.ts'].flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8')
    return [...text.matchAll(/^(?:import|export) (?!type )[^']*from '([^']+)'/gm)].map((match) => match[1])
  })
  expect(imports.filter((name) => name?.startsWith('./') !== true)).toEqual([])
})
