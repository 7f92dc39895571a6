/** The least that a gateway of Node can be: parses a request, passes it on, reads the answer and gives it back. */
import fastify from 'fastify'
import { Pool } from 'undici'

const [upstream = ''] = process.argv.slice(2)
const pool = new Pool(upstream)
const app = fastify()
app.post('/v1/chat/completions', async ({ body }, reply) => {
  const answer = await pool.request({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const type = String(answer.headers['content-type'])
  reply.code(answer.statusCode).header('content-type', type)
  if (type === 'text/event-stream') return reply.send(answer.body)
  const text = await answer.body.text()
  JSON.parse(text)
  return reply.send(text)
})
process.send?.({ url: await app.listen({ host: '127.0.0.1', port: 0 }) })
process.on('disconnect', () => process.exit())
