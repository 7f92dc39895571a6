import type { IncomingMessage, ServerResponse } from 'node:http'
import { Denial } from './denial.ts'
import type { Protocol } from './protocols/protocol.ts'

const largestBody = 64 * 1024 * 1024

export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > largestBody) throw Denial.badRequest(`body: has more than ${largestBody} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw Denial.badRequest('body: is not JSON')
  }
}

/** The key as any of the providers' clients sends it. */
export function keyOf({ headers }: IncomingMessage): string | undefined {
  const own = headers['x-api-key'] ?? headers['api-key'] ?? headers['x-goog-api-key']
  if (typeof own === 'string') return own
  // A signature of AWS names its key and shows that the signer has the secret, which is not checked here.
  return /^(?:Bearer |AWS4-HMAC-SHA256 Credential=)([^/]+)/i.exec(headers.authorization ?? '')?.[1]
}

export function writeJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Denies in the words of a protocol; behind a good status there is only the end of the connection. */
export function writeDenial(response: ServerResponse, protocol: Protocol, denial: Denial): void {
  const { status, type, message, retryAfter } = denial
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter))
  writeJson(response, status, protocol.failure(type, message))
}
