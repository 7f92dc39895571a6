import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import { silentLogger } from '../kernel/index.ts'
import { connect } from '../store/index.ts'
import { readConfiguration } from './configuration.ts'
import { openDatabase } from './database.ts'

test(
  'who works keeps the server when whoever only looked something up ends',
  { timeout: 60_000 },
  async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'atelier-database-'))
    chmodSync(directory, 0o755)
    try {
      const configuration = { ...readConfiguration({ dataDirectory: directory }), databaseUrl: undefined }
      const looking = await openDatabase(configuration, 'look', silentLogger)
      const working = await openDatabase(configuration, 'work', silentLogger)
      const helping = await openDatabase(configuration, 'work', silentLogger)
      expect([looking, working].map(({ kind, othersWork }) => [kind, othersWork])).toEqual([
        ['own', false],
        ['joined', false],
      ])
      expect(working.target).toEqual(looking.target)
      const database = await connect(working.target)
      await looking.close()
      const answer = () => database.transaction({ kind: 'system' }, (tx) => sql`select 1`.execute(tx))
      await vi.waitFor(answer, { timeout: 30_000, interval: 100 })
      await database.close()
      await Promise.all([working.close(), helping.close()])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
)
