import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Services } from '../services/index.ts'
import { httpErrors } from './errors.ts'

/**
 * `GET /api/v1/audit/export`: the audit log as JSON Lines that can be verified without the studio. It is no operation like
 * the others, as its answer is a stream of any length and no document.
 */
export function addAuditExport(app: FastifyInstance, { audit }: Pick<Services, 'audit'>): void {
  app.get(
    '/api/v1/audit/export',
    { config: { access: { action: 'read-audit', resource: 'audit-log' } } },
    async ({ caller }, reply) => {
      if (caller === undefined) throw httpErrors.NOT_AUTHENTICATED()
      const lines = audit.export(caller)
      // What is refused is answered as every refusal is, before anything is sent.
      const first = await lines.next()
      return reply
        .header('content-type', 'application/jsonl; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="audit.jsonl"')
        .send(Readable.from(linesFrom(first, lines)))
    },
  )
}

async function* linesFrom(
  first: IteratorResult<string, void>,
  others: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  if (first.done === true) return
  yield `${first.value}\n`
  for await (const line of others) yield `${line}\n`
}
