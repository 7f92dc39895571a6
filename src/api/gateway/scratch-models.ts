import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createModelGateway, openModelDirectory } from '../../control/models/index.ts'
import type { ModelGateway } from '../../control/models/index.ts'
import { createEngine, engineMigrations } from '../../engine/index.ts'
import { seedTenant } from '../../governance/identity/index.ts'
import { silentLogger, systemClock } from '../../kernel/index.ts'
import { createGovernedStudio, startModelServer } from '../../testing/index.ts'
import type { GovernedStudio, ScenarioSource } from '../../testing/index.ts'
import { startApiServer } from '../http/index.ts'
import type { ApiServer } from '../http/index.ts'
import { apiMigrations } from '../migrations.ts'
import { openScratchServices } from '../scratch-services.ts'
import { workshopMigrations } from '../scratch-workshop.ts'
import { createServices } from '../services/index.ts'
import type { Services } from '../services/index.ts'
import { addGateway } from './studio-endpoints.ts'

const scripted: ScenarioSource = {
  name: 'scripted',
  steps: [
    { when: { result: 'wisdom' }, answer: 'It says: {{results}}' },
    {
      when: { last: 'read' },
      answer: [
        { reasoning: 'A file is named.' },
        'I read. Ünï✓',
        { call: { tool: 'read_file', input: { path: 'a.md' } } },
      ],
    },
    { when: { last: 'too long' }, misbehave: 'context-too-long' },
    { when: { last: 'busy' }, misbehave: { fault: '429', retryAfter: 3600 } },
    { when: { last: 'slowly' }, answer: 'word '.repeat(400), pace: '50ms' },
    { when: { last: 'hello' }, answer: 'Good day.' },
  ],
}

/** One upstream for each protocol, all at the same server. */
const kinds = { chat: 'openai-compatible', responses: 'openai-responses', messages: 'anthropic' } as const
export const modelNames = ['at-chat', 'at-responses', 'at-messages'] as const

function catalogue(url: string): string {
  const base = { credential: 'TEST_KEY', deployment: 'on-premises', residency: 'de' }
  const settings = {
    context: 8000,
    maxOutput: 1000,
    size: 'small',
    prices: { input: 2, output: 10 },
    capabilities: ['tools', 'reasoning'],
  }
  return JSON.stringify({
    upstreams: Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [name, { ...base, kind, baseUrl: `${url}/v1` }]),
    ),
    models: Object.fromEntries(
      Object.keys(kinds).map((name) => [`at-${name}`, { ...settings, upstream: name }]),
    ),
  })
}

/** A governed studio with a gateway to models that answer as scripted, over real HTTP. */
export interface ScratchModels extends AsyncDisposable {
  readonly studio: GovernedStudio
  readonly gateway: ModelGateway
  readonly services: Services
  /** The gateway at the address of the studio, for whoever has a token. */
  serveStudio(): Promise<ApiServer>
}

export async function openScratchModels(): Promise<ScratchModels> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-gateway-'))
  const studio = await createGovernedStudio({
    migrations: [...engineMigrations, ...workshopMigrations, ...apiMigrations],
  })
  const upstream = await startModelServer({ scenario: scripted })
  await writeFile(join(folder, 'models.yaml'), catalogue(upstream.url))
  const [clock, logger] = [systemClock, silentLogger]
  const gateway = createModelGateway({
    door: studio.governance.door,
    database: studio.database,
    clock,
    logger,
    directory: await openModelDirectory({ shipped: join(folder, 'none'), own: folder, clock, logger }),
    credentials: () => 'test-secret-1',
  })
  await seedTenant(studio.database, studio.tenantId)
  const engine = createEngine({ database: studio.database, logger, executors: {} })
  const below = await openScratchServices(studio, engine)
  const services = createServices(below)
  return {
    studio,
    gateway,
    services,
    serveStudio: () =>
      startApiServer({
        ...{ operations: {}, handlers: {}, authenticator: below.identity.authenticator },
        ...{ database: studio.database, logger, version: '0.0.0' },
        listen: { host: '127.0.0.1', port: 0 },
        checkReady: () => Promise.resolve(),
        extensions: [
          (app, underWay) =>
            addGateway(app, underWay, {
              core: gateway,
              modelUse: services.modelUse,
              logger,
              bodyBytes: 100_000,
            }),
        ],
      }),
    [Symbol.asyncDispose]: async () => {
      await gateway.close()
      await upstream.close()
      await studio[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
