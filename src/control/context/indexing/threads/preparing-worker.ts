import { parentPort } from 'node:worker_threads'
import { prepareBatch, type ReadEntry } from '../prepare.ts'

/** The thread: each message is a batch, and is answered with what was made of it. */
parentPort?.on('message', (entries: readonly ReadEntry[]) => {
  void prepareBatch(entries).then((prepared) => parentPort?.postMessage(prepared))
})
