import type { ToolContext } from '../contracts/index.ts'
import {
  createId,
  type Logger,
  type PrincipalId,
  type RunId,
  silentLogger,
  type TenantId,
} from '../kernel/index.ts'

/** What a tool is given when the owner uses it by hand, in a run of its own and past the door. */
export function toolContextOf(
  tenant: string,
  logger: Logger = silentLogger,
  report: (message: string) => void = () => undefined,
): ToolContext {
  const tenantId = tenant as TenantId
  return {
    tenantId,
    runId: createId('run') as RunId,
    stepId: 'test',
    attempt: 1,
    principal: {
      kind: 'person',
      id: 'person:owner' as PrincipalId,
      tenantId,
      roles: ['owner'],
      onBehalfOf: undefined,
    },
    idempotencyKey: createId('key'),
    signal: new AbortController().signal,
    logger,
    report,
  }
}
