import type { FastifyReply } from 'fastify'

/**
 * Calls `tell` once nothing can be sent to whoever asked any more: the answer is out, or the connection is closed. That may
 * have happened already, while it was found out who asks. @returns what ends the watching.
 */
export function onceClosed({ raw, request }: FastifyReply, tell: () => void): () => void {
  const { socket } = request
  const end = (): void => {
    raw.off('close', closed)
    socket.off('close', closed)
  }
  const closed = (): void => {
    end()
    tell()
  }
  raw.once('close', closed)
  // An answer that waits behind another one on its connection is not told that this was closed.
  socket.once('close', closed)
  if (raw.closed || socket.destroyed) closed()
  return end
}
