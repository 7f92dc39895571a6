import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { ByteChannel } from '../byte-channel.ts'
import type { Connection } from './connections.ts'

export interface PostedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** May be read once; whoever stops before the end ends the connection. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Posts JSON over the connections of an upstream. Redirects are not followed. */
export function postJson(
  { dispatcher }: Connection,
  { origin, pathname, search }: URL,
  headers: Readonly<Record<string, string>>,
  body: unknown,
  signal: AbortSignal,
): Promise<PostedAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(
      {
        origin,
        path: `${pathname}${search}`,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      },
      answerHandler(signal, resolve, reject),
    )
  })
}

/** Hears of an answer from the parser itself: a call is too short for a stream with all that belongs to one. */
function answerHandler(
  signal: AbortSignal,
  resolve: (answer: PostedAnswer) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | undefined
  const body = new ByteChannel(() => controller?.abort(new Error('nobody reads on')))
  const end = (error?: Error): void => {
    signal.removeEventListener('abort', abort)
    body.close(error && { error })
    if (error !== undefined) reject(error)
  }
  const abort = (): void => {
    const reason = signal.reason as Error
    controller?.abort(reason)
    end(reason)
  }
  signal.addEventListener('abort', abort, { once: true })
  return {
    onRequestStart: (started) => {
      controller = started
      if (signal.aborted) abort()
    },
    onResponseStart: (_controller, status, headers) => {
      // What is informational comes before the answer.
      if (status >= 200) resolve({ status, headers, body })
    },
    onResponseData: (receiving, chunk) => {
      const reading = body.write(chunk)
      if (reading === undefined) return
      receiving.pause()
      void reading.then(() => receiving.resume())
    },
    onResponseEnd: () => end(),
    onResponseError: (_controller, error) => end(error),
  }
}
