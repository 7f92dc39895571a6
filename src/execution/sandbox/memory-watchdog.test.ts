import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { watchMemory } from './memory-watchdog.ts'

it('goes on when the processes and the files that it watches are gone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'atelier-memory-'))
  let isExceeded = false
  const watched = { proc: directory, processes: () => [process.pid], tmpfs: join(directory, 'scratch') }
  const unwatch = watchMemory(watched, 0, () => (isExceeded = true))
  rmSync(directory, { recursive: true })
  await delay(350)
  unwatch()
  expect(isExceeded).toBe(false)
})
