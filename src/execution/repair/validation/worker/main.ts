/**
 * Runs inside the sandbox, in the workspace: loads the project once, then tries candidates on it as the host asks.
 * Started with one argument, the word that its frames begin with.
 */
import { createReadStream, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'

import { encodeFrame } from '../protocol.ts'
import type { WorkerReply, WorkerRequest } from '../protocol.ts'
import { isolateProcess } from './process-guard.ts'
import { Trial } from './trial.ts'

const word = process.argv[2] ?? ''
const input = createInterface({ input: createReadStream('', { fd: 0 }), crlfDelay: Number.POSITIVE_INFINITY })
const guard = isolateProcess()

function reply(message: WorkerReply): void {
  const bytes = Buffer.from(encodeFrame(word, message))
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) guard.exit(1)
    }
  }
}

const trial = new Trial(process.cwd(), guard, reply)
let queue: Promise<void> = Promise.resolve()

input.on('line', (line) => {
  const request = JSON.parse(line) as WorkerRequest
  if (request.kind === 'cancel') {
    trial.cancel()
    return
  }
  queue = queue.then(async () => {
    try {
      await trial.answer(request)
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      reply({ kind: 'broken', id: 'id' in request ? request.id : 0, message })
    }
  })
})
input.on('close', () => {
  guard.exit(0)
})
reply({ kind: 'ready' })
