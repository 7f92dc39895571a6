import type { TestCoverage } from '../model.ts'
import type { WorkerReply } from './protocol.ts'
import { idOf } from './test-identity.ts'
import type { WorkerProcess } from './worker-process.ts'

const fileMs = 60_000

export type Ran = Extract<WorkerReply, { readonly kind: 'ran' }>

/** Runs one file on the unchanged program; null where the worker was lost over it. */
export async function runFile(
  worker: WorkerProcess,
  file: string,
  withCoverage: boolean,
): Promise<Ran | null> {
  const end = await worker.ask({ kind: 'run', file, withCoverage }, fileMs)
  return end.kind === 'done' && end.reply.kind === 'ran' ? end.reply : null
}

/** Turns what a worker recorded into the shape that localisation reads. */
export function coverageOf(run: Ran): readonly TestCoverage[] {
  return (run.coverage ?? []).flatMap(({ covered, outcome, file, ...test }) =>
    outcome === 'passed' || outcome === 'failed'
      ? [{ id: idOf({ file, ...test }), outcome, file, covered }]
      : [],
  )
}
