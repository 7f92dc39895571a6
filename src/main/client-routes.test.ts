import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { renderClientRoutes } from './client-routes.ts'

it('the client knows every operation', async () => {
  const written = readFileSync(join(import.meta.dirname, '../api/client/routes.ts'), 'utf8')
  expect(written, 'run `npm run client`').toBe(await renderClientRoutes())
})
