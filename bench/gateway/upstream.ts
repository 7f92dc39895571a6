/** A provider that answers at once and always the same: whatever time a call takes is spent elsewhere. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const words = 'The quick brown fox jumps over the lazy dog and goes on its way through the forest . '.repeat(
  8,
)
const pieces = words.match(/\S+ /g) ?? []
const usage = { prompt_tokens: 420, completion_tokens: pieces.length, total_tokens: 420 + pieces.length }
const head = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'bench-model' }

const whole = Buffer.from(
  JSON.stringify({
    ...head,
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: words }, logprobs: null, finish_reason: 'stop' },
    ],
    usage,
  }),
)

const chunk = (choices: readonly object[], more: object = {}): string =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`
const chunks = [
  ...pieces.map((content) => chunk([{ index: 0, delta: { content }, finish_reason: null }])),
  chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
  chunk([], { usage }),
  'data: [DONE]\n\n',
].map((text) => Buffer.from(text))

const server = createServer((request, response) => {
  const received: Buffer[] = []
  request.on('data', (data: Buffer) => received.push(data))
  request.on('end', () => {
    const { stream } = JSON.parse(Buffer.concat(received).toString()) as { stream?: boolean }
    if (stream !== true) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length })
      response.end(whole)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of chunks) response.write(piece)
    response.end()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () =>
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
)
process.on('disconnect', () => process.exit())
