import type { FastifyInstance } from 'fastify'
import type { Services } from '../services/index.ts'
import { httpErrors } from './errors.ts'

/** `GET /metrics`: figures of the caller's tenant for Prometheus, which reads text and no JSON. */
export function addMetrics(app: FastifyInstance, { installation }: Pick<Services, 'installation'>): void {
  app.get(
    '/metrics',
    { config: { access: { action: 'read-operations', resource: 'studio' } } },
    async ({ caller }, reply) => {
      if (caller === undefined) throw httpErrors.NOT_AUTHENTICATED()
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(await installation.exposition(caller))
    },
  )
}
