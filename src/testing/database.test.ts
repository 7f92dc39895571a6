import { expect, it } from 'vitest'
import { createTestDatabase } from './database.ts'

it('gives every caller a database of its own, migrated', async () => {
  await using first = await createTestDatabase()
  await using second = await createTestDatabase()
  const scope = await first.createTenant('First')
  const names = (database: typeof first.database) =>
    database.transaction(scope, (tx) => tx.selectFrom('tenants').select('name').execute())
  expect(await names(first.database)).toEqual([{ name: 'First' }])
  expect(await names(second.database)).toEqual([])
})
