import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelRequest } from '../../contracts/index.ts'
import type { ProjectId } from '../../kernel/index.ts'
import { silentLogger, systemClock } from '../../kernel/index.ts'
import { createGovernedStudio } from '../../testing/index.ts'
import type { GovernedStudio } from '../../testing/index.ts'
import type { ModelAccess } from './access.ts'
import { createModelGateway } from './gateway.ts'
import type { ModelGateway, ModelGatewayOptions } from './gateway.ts'
import { modelMigrations } from './migrations.ts'
import { openModelDirectory } from './model-directory.ts'

export interface ScratchGateway extends AsyncDisposable {
  readonly studio: GovernedStudio
  readonly gateway: ModelGateway
  /** Folder of the owner's `models.yaml` and `routes.yaml`. */
  readonly folder: string
  /** Access of a fresh run with these limits of its budget. */
  access(limits?: Record<string, number>, overrides?: Partial<ModelAccess>): Promise<ModelAccess>
  /** What the run has spent and still holds. */
  spent(access: ModelAccess): Promise<{ money: number; tokens: number; reserved: number }>
}

/** A gateway over real parts, with nothing in its catalogue but what the test writes. */
export async function createScratchGateway(
  models: string,
  routes = '',
  overrides: Partial<ModelGatewayOptions> = {},
): Promise<ScratchGateway> {
  const studio = await createGovernedStudio({ migrations: modelMigrations })
  const folder = await mkdtemp(join(tmpdir(), 'atelier-models-'))
  await writeFile(join(folder, 'models.yaml'), models)
  await writeFile(join(folder, 'routes.yaml'), routes)
  const gateway = createModelGateway({
    door: studio.governance.door,
    database: studio.database,
    clock: systemClock,
    logger: silentLogger,
    directory: await openModelDirectory({
      shipped: join(folder, 'none'),
      own: folder,
      clock: systemClock,
      logger: silentLogger,
    }),
    credentials: (name) => (name === 'TEST_KEY' ? 'test-secret-1' : undefined),
    random: () => 0,
    ...overrides,
  })
  return {
    studio,
    gateway,
    folder,
    access: async (limits = {}, more = {}) => ({
      tenantId: studio.tenantId,
      projectId: 'project' as ProjectId,
      runId: await studio.openRun({ limits }),
      stepId: 'step',
      attempt: 1,
      principal: studio.agent,
      models: ['*'],
      ...more,
    }),
    spent: async ({ tenantId, runId }) => {
      await studio.governance.door.settled()
      const balances = await studio.database.transaction(studio.scope, (tx) =>
        studio.governance.ledger.balances(tx, tenantId, runId),
      )
      const run = balances.find(({ level }) => level === 'run')?.units
      return {
        money: run?.money.spent ?? 0,
        tokens: run?.tokens.spent ?? 0,
        reserved: (run?.money.reserved ?? 0) + (run?.tokens.reserved ?? 0),
      }
    },
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await studio[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A catalogue of OpenAI-compatible models, each served by an upstream of its own at the address given. */
export function catalogueOf(
  models: Readonly<Record<string, { url: string; [setting: string]: unknown }>>,
  upstream: object = {},
): string {
  const entries = Object.entries(models)
  return JSON.stringify({
    upstreams: Object.fromEntries(
      entries.map(([id, { url }]) => [
        `at-${id}`,
        {
          kind: 'openai-compatible',
          baseUrl: url,
          credential: 'TEST_KEY',
          deployment: 'on-premises',
          residency: 'de',
          ...upstream,
        },
      ]),
    ),
    models: Object.fromEntries(
      entries.map(([id, settings]) => [
        id,
        {
          upstream: `at-${id}`,
          context: 8000,
          maxOutput: 1000,
          size: 'small',
          prices: { input: 2, output: 10 },
          capabilities: ['tools'],
          ...Object.fromEntries(Object.entries(settings).filter(([name]) => name !== 'url')),
        },
      ]),
    ),
  })
}

export function question(model: string, text = 'Say hello.', more: Partial<ModelRequest> = {}): ModelRequest {
  return { model, messages: [{ role: 'user', content: [{ kind: 'text', text }] }], ...more }
}

export function asking(overrides: { key?: string; signal?: AbortSignal } = {}) {
  return { key: randomUUID(), signal: new AbortController().signal, ...overrides }
}
