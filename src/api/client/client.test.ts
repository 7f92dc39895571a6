import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renderClientRoutes } from '../../main/client-routes.ts'

it('knows every operation', async () => {
  const written = readFileSync(join(import.meta.dirname, 'routes.ts'), 'utf8')
  expect(written, 'run `npm run client`').toBe(await renderClientRoutes())
})

it('needs nothing at run time but what it is made of', () => {
  const imports = ['client.ts', 'event-reader.ts', 'failure.ts', 'routes.ts', 'index.ts'].flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8')
    return [...text.matchAll(/^(?:import|export) (?!type )[^']*from '([^']+)'/gm)].map((match) => match[1])
  })
  expect(imports.filter((name) => name?.startsWith('./') !== true)).toEqual([])
})
