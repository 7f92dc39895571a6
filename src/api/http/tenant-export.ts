import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Tenants } from '../../governance/tenants/index.ts'
import type { TenantId } from '../../kernel/index.ts'
import { httpErrors } from './errors.ts'

/** Lines that are waited for by whoever writes them, once so many are unread. */
const mostUnread = 64

/**
 * `GET /api/v1/tenants/{tenantId}/export`: everything of a tenant as JSON Lines. It is no operation like the others, as
 * its answer is a stream of any length and no document.
 */
export function addTenantExport(app: FastifyInstance, tenants: Pick<Tenants, 'export'>): void {
  app.get<{ Params: { tenantId: string } }>(
    '/api/v1/tenants/:tenantId/export',
    { config: { access: { action: 'manage-tenants', resource: 'installation' } } },
    async (request, reply) => {
      const { caller } = request
      if (caller === undefined) throw httpErrors.NOT_AUTHENTICATED()
      const lines = new Readable({ read: () => undefined, highWaterMark: mostUnread, objectMode: true })
      const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>()
      let drained: (() => void) | undefined
      lines._read = () => drained?.()
      const write = async (line: string): Promise<void> => {
        begin(undefined)
        // Whoever asked has gone: nothing more is read for them.
        if (lines.destroyed) throw httpErrors.CLOSING()
        if (lines.push(`${line}\n`)) return
        await new Promise<void>((resolve) => {
          drained = resolve
          lines.once('close', resolve)
        })
      }
      const exporting = tenants.export(caller, request.params.tenantId as TenantId, write)
      exporting.then(
        () => lines.push(null),
        (error: unknown) => lines.destroy(error instanceof Error ? error : new Error(String(error))),
      )
      // What is refused is answered as every refusal is, before anything is sent.
      await Promise.race([begun, exporting])
      return reply
        .header('content-type', 'application/jsonl; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="tenant.jsonl"')
        .send(lines)
    },
  )
}
