import type { Connection } from './connections.ts'

export interface PostedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: AsyncIterable<Uint8Array>
}

/** Posts JSON over the connections of an upstream. Redirects are not followed. */
export async function postJson(
  { dispatcher }: Connection,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  signal: AbortSignal,
): Promise<PostedAnswer> {
  const { origin, pathname, search } = new URL(url)
  const answer = await dispatcher.request({
    origin,
    path: `${pathname}${search}`,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  })
  const received = Object.entries(answer.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ])
  return {
    status: answer.statusCode,
    headers: Object.fromEntries(received) as PostedAnswer['headers'],
    body: answer.body,
  }
}
