import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Caller } from '../../contracts/index.ts'
import type { ModelAccess } from '../../control/models/index.ts'
import type { Logger } from '../../kernel/index.ts'
import type { UnderWay } from '../http/index.ts'
import { keyOf } from './caller.ts'
import { addEndpoints } from './endpoints.ts'
import type { EndpointLimits, GatewayCore } from './endpoints.ts'
import { gatewayErrors } from './errors.ts'

export interface StudioGatewayOptions extends EndpointLimits {
  readonly core: GatewayCore
  /** Who pays for what a caller asks, in the project that they name. */
  readonly modelUse: {
    accessOf(caller: Caller, project: string | undefined): Promise<ModelAccess>
  }
  readonly logger: Logger
}

/**
 * Serves models to people and services at the studio's own address, to whoever shows an API token that opens them. The
 * studio's server authenticates the caller, looks at the scopes of the token and counts requests, as for every operation.
 */
export async function addGateway(
  app: FastifyInstance,
  underWay: UnderWay,
  { modelUse, ...options }: StudioGatewayOptions,
): Promise<void> {
  await app.register(
    (scope, _, done) => {
      addEndpoints(scope, {
        ...options,
        underWay,
        accessOf: async ({ caller, headers }) => {
          if (caller === undefined) throw new Error('the request was not authenticated')
          return modelUse.accessOf(caller, projectOf(headers))
        },
        config: { access: { action: 'use-models', resource: 'project' }, credentials: tokenOnly },
      })
      done()
    },
    { prefix: '/gateway' },
  )
}

/** A session is for the studio's own pages. Whatever else a browser adds, only a token counts here. */
function tokenOnly(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const token = keyOf(headers)
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** @throws ATL_GATEWAY_HEADER_INVALID */
function projectOf(headers: IncomingHttpHeaders): string | undefined {
  const named = headers['x-atelier-project']
  if (named === undefined || named === '') return undefined
  if (typeof named === 'string' && /^[\w.:@-]{1,200}$/.test(named)) return named
  throw gatewayErrors.HEADER_INVALID({ detail: 'x-atelier-project is no id of a project' })
}
