/** The gateway with all of its guards on: real keys, policies, ledger, audit and PostgreSQL. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadServing } from '../../src/api/index.ts'
import { createModelGateway, modelMigrations, openModelDirectory } from '../../src/control/models/index.ts'
import { createTaskKeyAuthenticator, issueTaskKey } from '../../src/governance/identity/index.ts'
import { silentLogger, systemClock } from '../../src/kernel/index.ts'
import { createGovernedStudio } from '../../src/testing/index.ts'

const [upstream = ''] = process.argv.slice(2)
const plenty = 1_000_000_000_000

await using studio = await createGovernedStudio({ migrations: modelMigrations })
const { database, governance, directory, tenantId, agent, scope } = studio
await writeFile(
  join(directory, 'models.yaml'),
  JSON.stringify({
    upstreams: {
      bench: {
        kind: 'openai-compatible',
        baseUrl: `${upstream}/v1`,
        deployment: 'on-premises',
        residency: 'de',
      },
    },
    models: {
      'bench-model': {
        upstream: 'bench',
        context: 128_000,
        maxOutput: 4096,
        size: 'small',
        prices: { input: 0.15, output: 0.6 },
        capabilities: ['tools'],
      },
    },
  }),
)
const gateway = createModelGateway({
  door: governance.door,
  database,
  clock: systemClock,
  logger: silentLogger,
  directory: await openModelDirectory({
    shipped: join(directory, 'none'),
    own: directory,
    clock: systemClock,
    logger: silentLogger,
  }),
  credentials: () => undefined,
})
const runId = await studio.openRun({
  limits: { money: plenty, tokens: plenty, toolCalls: plenty, seconds: plenty },
})
const { key } = await database.transaction(scope, (tx) =>
  issueTaskKey(tx, {
    tenantId,
    runId,
    stepId: 'bench',
    attempt: 1,
    principal: agent,
    models: ['bench-model'],
    lifetimeMs: 3_600_000,
  }),
)
const { startGatewayServer } = await loadServing()
const server = await startGatewayServer({
  core: gateway,
  keys: createTaskKeyAuthenticator({ database }),
  logger: silentLogger,
  listen: [{ host: '127.0.0.1', port: 0 }],
})
process.send?.({ url: server.urls[0], key })
await new Promise((resolve) => process.once('disconnect', resolve))
await server.close()
await gateway.close()
