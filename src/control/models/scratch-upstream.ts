import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: Record<string, unknown>
}

/** Answers one request; its number counts from 1. */
export type Behaviour = (
  response: ServerResponse,
  request: ReceivedRequest,
  number: number,
) => void | Promise<void>

/** A server on loopback that answers as a test says. */
export interface ScratchUpstream extends AsyncDisposable {
  readonly url: string
  readonly received: ReceivedRequest[]
  behave(behaviour: Behaviour): void
}

export async function startUpstream(initial: Behaviour = answerText('Hello')): Promise<ScratchUpstream> {
  let behaviour = initial
  const received: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const text = Buffer.concat(chunks).toString()
      const entry: ReceivedRequest = {
        path: request.url ?? '',
        headers: request.headers,
        text,
        body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
      }
      received.push(entry)
      await behaviour(response, entry, received.length)
    })().catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    received,
    behave: (next) => {
      behaviour = next
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Usage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
}

const usualUsage: Usage = { prompt_tokens: 20, completion_tokens: 5 }

/** Streams a text word by word as OpenAI does, with usage at the end unless it is null. */
export function answerText(text: string, usage: unknown = usualUsage): Behaviour {
  return (response) => {
    streamHead(response)
    for (const word of text.split(/(?<= )/)) response.write(chunk({ content: word }))
    response.write(chunk({}, 'stop'))
    if (usage !== null) response.write(event({ ...base, choices: [], usage }))
    response.end('data: [DONE]\n\n')
  }
}

/** Starts a stream, sends a few words, and then does what the test says. */
export function answerPartly(text: string, then: (response: ServerResponse) => unknown): Behaviour {
  return (response) => {
    streamHead(response)
    for (const word of text.split(/(?<= )/)) response.write(chunk({ content: word }))
    then(response)
  }
}

export function failWith(status: number, message = 'no', headers: Record<string, string> = {}): Behaviour {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message, type: 'test' } }))
  }
}

const base = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'served-1' }

export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

export function chunk(delta: object, finish: string | null = null): string {
  return event({ ...base, choices: [{ index: 0, delta, finish_reason: finish }] })
}

export function streamHead(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
}
