import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { RepositoryHost } from '../../src/execution/repository/index.ts'
import {
  createNamespaceHost,
  createUnconfinedHost,
  type SandboxHost,
} from '../../src/execution/sandbox/index.ts'
import { locateToolchain } from '../../src/execution/testing/index.ts'
import type { ExecutionPlaces } from '../../src/execution/tools/index.ts'
import type { Logger } from '../../src/kernel/index.ts'
import { hostRegistries } from '../../src/main/registries.ts'

/** Everything that the studio's tools work with, below a folder that keeps installed dependencies between runs. */
export async function openPlaces(
  cache: string,
  unconfined: boolean,
  logger: Logger,
): Promise<{ readonly places: ExecutionPlaces; readonly close: () => Promise<void> }> {
  await mkdir(cache, { recursive: true, mode: 0o711 })
  const repositories = new RepositoryHost({
    stateDirectory: join(cache, 'repositories'),
    workingDirectory: process.cwd(),
    environment: process.env,
  })
  const options = { stateDirectory: join(cache, 'sandboxes'), logger }
  const sandboxes: SandboxHost = unconfined
    ? await createUnconfinedHost(options)
    : await createNamespaceHost(options)
  await sandboxes.reap()
  const registries = await hostRegistries()
  const places: ExecutionPlaces = {
    repositories,
    sandboxes,
    isolation: unconfined ? 'none' : 'namespaces',
    limits: {
      memoryBytes: 4 * 2 ** 30,
      processes: 512,
      diskBytes: 2 * 2 ** 30,
      outputBytes: 8 * 2 ** 20,
      cpuSeconds: 1800,
    },
    toolchain: await locateToolchain({ searchPath: process.env['PATH'] ?? '', pinnedNode: process.execPath }),
    registries: () => Promise.resolve(registries),
    dependencyCache: join(cache, 'dependencies'),
  }
  return {
    places,
    close: async () => {
      repositories.close()
      await sandboxes.close()
    },
  }
}

export const consoleLogger: Logger = {
  log: (level, fields, message) => {
    if (!message.startsWith('Egress'))
      console.error(`  [${level}] ${message} ${JSON.stringify(fields).slice(0, 2000)}`)
  },
  child: () => consoleLogger,
}
