import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadServing } from '../api/index.ts'
import type { ModelGateway } from '../control/models/index.ts'
import type { CodingAgentPlaces } from '../execution/coding-agents/index.ts'
import type { ExecutionPlaces } from '../execution/tools/index.ts'
import { type Governance, tenantScope } from '../governance/index.ts'
import {
  createTaskKeyAuthenticator,
  issueTaskKey,
  type RefusedKey,
  type TaskKeyAuthenticator,
  revokeTaskKeys,
} from '../governance/identity/index.ts'
import type { Logger } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'

export interface CodingAgentParts {
  readonly execution: ExecutionPlaces
  readonly gateway: ModelGateway
  readonly database: Database
  readonly audit: Governance['audit']
  readonly logger: Logger
  readonly dataDirectory: string
}

/** A key outlives the agent by so much, for what it sends last. */
const keySlackMs = 60_000

/** Coding agents of others: where they are installed, and one socket at which they find the gateway. */
export function openCodingAgents(
  parts: CodingAgentParts,
  closers: (() => Promise<void>)[],
): CodingAgentPlaces {
  const { execution, database, dataDirectory } = parts
  let listening: Promise<ListeningGateway> | undefined
  closers.push(async () => {
    const server = await listening?.catch(() => undefined)
    await server?.close()
  })
  return {
    execution,
    installationOf: (program) => path.join(dataDirectory, 'coding-agents', program),
    async openGateway({ tenantId, runId, stepId, attempt, principal }, { model, seconds }) {
      listening ??= listen(parts)
      const { socket, keys } = await listening
      const scope = tenantScope(tenantId, principal.id)
      const { id, key } = await database.transaction(scope, (tx) =>
        issueTaskKey(tx, {
          tenantId,
          runId,
          stepId,
          attempt,
          principal,
          models: [model],
          lifetimeMs: seconds * 1000 + keySlackMs,
        }),
      )
      return {
        socket,
        key,
        model,
        close: async () => {
          await database.transaction(scope, (tx) => revokeTaskKeys(tx, tenantId, { keyId: id }))
          keys.forget()
        },
      }
    },
  }
}

interface ListeningGateway {
  readonly socket: string
  readonly keys: TaskKeyAuthenticator
  close(): Promise<void>
}

/** Addresses of Unix sockets are short, so it does not lie in the data directory; who connects shows a key. */
async function listen({ gateway, database, audit, logger }: CodingAgentParts): Promise<ListeningGateway> {
  const folder = await mkdtemp(path.join(tmpdir(), 'atelier-gateway-'))
  await chmod(folder, 0o755)
  const socket = path.join(folder, 'socket')
  const keys = createTaskKeyAuthenticator({
    database,
    onRefused: (refused) => recordRefusedKey({ database, audit }, refused),
  })
  const { startGatewayServer } = await loadServing()
  const server = await startGatewayServer({
    core: gateway,
    keys,
    logger,
    listen: [{ socket, mode: 0o666 }],
  })
  return {
    socket,
    keys,
    close: async () => {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whoever uses a key of a task that has ended has it from where it should not be. */
async function recordRefusedKey(
  { database, audit }: Pick<CodingAgentParts, 'database' | 'audit'>,
  { keyId, tenantId, runId, principalId, error }: RefusedKey,
): Promise<void> {
  await database.transaction(tenantScope(tenantId, principalId), (tx) =>
    audit.append(tx, {
      tenantId,
      principalId,
      onBehalfOf: null,
      action: 'use-task-key',
      resource: `task-key:${keyId}`,
      outcome: 'denied',
      policies: [],
      policySet: null,
      digests: {},
      runId,
      actKey: null,
      detail: { code: error.code, message: error.message },
    }),
  )
}
