import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Documentation } from '../documentation/index.ts'

/**
 * `GET /docs/…`: the documentation. Everybody may read it, for it holds nothing of anybody's: whoever cannot sign in has to
 * find out why, and problems lead to it. It is loaded when somebody first looks.
 */
export function addDocumentation(app: FastifyInstance, load: () => Promise<Documentation>): void {
  let loaded: Promise<Documentation> | undefined
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    loaded ??= load()
    const documentation = await loaded
    const { status, headers, body } = await documentation.answer(
      request.url,
      request.headers['if-none-match'],
    )
    return reply.code(status).headers(headers).send(body)
  }
  app.get('/docs', answer)
  app.get('/docs/*', answer)
}
