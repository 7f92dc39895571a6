import { existsSync } from 'node:fs'
import path from 'node:path'
import type { StudioServices } from '../api/index.ts'
import { createModelGateway, type ModelGateway, openModelDirectory } from '../control/models/index.ts'
import { loadRoutingPolicy } from '../control/routing/index.ts'
import type { Door } from '../governance/door/index.ts'
import type { Clock, Logger } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import type { Configuration } from './configuration.ts'

export interface ModelPlane {
  readonly gateway: ModelGateway
  readonly routing: StudioServices['routing']
}

/** The gateway to models, and who tries which work. */
export async function openModelPlane(
  configuration: Configuration,
  parts: {
    readonly door: Door
    readonly database: Database
    readonly clock: Clock
    readonly logger: Logger
  },
): Promise<ModelPlane> {
  const { packageRoot, dataDirectory, credentials } = configuration
  const { clock, logger } = parts
  const directory = await openModelDirectory({
    shipped: path.join(packageRoot, 'models'),
    own: path.join(dataDirectory, 'models'),
    clock,
    logger,
  })
  const gateway = createModelGateway({ ...parts, directory, credentials })
  return {
    gateway,
    routing: {
      policy: await loadRoutingPolicy(ownOrShipped(configuration, 'models/routing.yaml')),
      unavailable: async (_tenantId, route) => {
        const { models, obstacles } = await gateway.describe(route)
        return models.length > 0 ? undefined : obstacles.join('; ')
      },
      view: async (route) => {
        const { models } = await gateway.describe(route)
        const [first] = models
        return {
          models: models.map(({ id }) => id),
          price: first?.price.kind === 'known' ? inMillionths(first.price.table) : null,
        }
      },
    },
  }
}

/** The catalogue has prices in whole units of the currency. */
function inMillionths({ input, output }: { readonly input: number; readonly output: number }) {
  return { input: input * 1e6, output: output * 1e6 }
}

/** A file of the data directory, where its operator put one in place of the shipped file. */
function ownOrShipped({ dataDirectory, packageRoot }: Configuration, file: string): string {
  const own = path.join(dataDirectory, file)
  return existsSync(own) ? own : path.join(packageRoot, file)
}
