import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger } from '../../kernel/index.ts'
import { reportError } from '../../kernel/index.ts'
import { loadCatalogue } from './catalogue/catalogue.ts'
import type { Catalogue } from './catalogue/catalogue.ts'
import { loadRoutes } from './routes/routes.ts'
import type { Routes } from './routes/routes.ts'

/** Which models there are and how to get to them, as of now. */
export interface ModelDirectory {
  read(): Promise<ModelData>
}

interface ModelData {
  readonly catalogue: Catalogue
  readonly routes: Routes
}

export interface ModelDirectoryOptions {
  /** Folder with the shipped `catalogue.yaml` and `routes.yaml`. */
  readonly shipped: string
  /** Folder where the owner may put `models.yaml` and `routes.yaml`, which win; it need not exist. */
  readonly own: string
  readonly clock: Clock
  readonly logger: Logger
}

/** How long a change of the files may go unnoticed. */
const freshMs = 1000

/**
 * Reads catalogue and routes, and again whenever a file changes. A change that cannot be used is logged, and what held
 * before goes on to hold.
 * @throws ATL_MODEL_CATALOGUE_INVALID and ATL_MODEL_ROUTES_INVALID when it is opened.
 */
export async function openModelDirectory(options: ModelDirectoryOptions): Promise<ModelDirectory> {
  const { shipped, own, clock, logger } = options
  const catalogueFiles = [join(shipped, 'catalogue.yaml'), join(own, 'models.yaml')]
  const routeFiles = [join(shipped, 'routes.yaml'), join(own, 'routes.yaml')]
  const load = async (): Promise<ModelData> => {
    const catalogue = await loadCatalogue(catalogueFiles)
    return { catalogue, routes: await loadRoutes(routeFiles, catalogue) }
  }
  const state = async (): Promise<string> =>
    (await Promise.all([...catalogueFiles, ...routeFiles].map(stateOf))).join(' ')

  let seen = await state()
  let data = await load()
  let lookedAt = clock.now()
  let looking: Promise<void> | undefined
  const look = async (): Promise<void> => {
    const current = await state()
    if (current === seen) return
    seen = current
    try {
      data = await load()
      logger.log('info', {}, 'models and routes were read again')
    } catch (error) {
      const { code, message } = reportError(error)
      logger.log('error', { code, error: message }, 'the changed models or routes cannot be used')
    }
  }
  return {
    read: async () => {
      if (clock.now() - lookedAt >= freshMs) {
        looking ??= look().finally(() => {
          lookedAt = clock.now()
          looking = undefined
        })
        await looking
      }
      return data
    },
  }
}

async function stateOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size } = await stat(path)
    return `${mtimeMs}/${size}`
  } catch {
    return 'none'
  }
}
