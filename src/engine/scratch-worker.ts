import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '../store/index.ts'
import type { DatabaseTarget } from '../store/index.ts'
import { createEngine } from './engine.ts'
import type { StepInvocation, StepOutcome } from './ports.ts'

/**
 * A process that performs steps and says so, a line of JSON each, for tests that kill it. Its one argument is a
 * {@link WorkerOptions} in JSON; SIGTERM shuts it down in good order.
 */
export interface WorkerOptions {
  readonly target: DatabaseTarget
  readonly executorId: string
  readonly exclusive: boolean
  readonly staleAfterMs: number
  readonly graceMs: number
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function execute({
  uses,
  with: args,
  runId,
  stepId,
  itemIndex,
  signal,
}: StepInvocation): Promise<StepOutcome> {
  say({ kind: 'step', runId, stepId, itemIndex })
  if (uses === 'stubborn') await delay(Number(args['ms'] ?? 0))
  else
    await delay(Number(args['ms'] ?? 0), undefined, { signal }).catch((error: unknown) => {
      say({ kind: 'aborted', runId, stepId })
      throw error
    })
  return { kind: 'succeeded', output: { by: process.pid, of: stepId } }
}

const argument = process.argv[2]
if (argument !== undefined) {
  const options = JSON.parse(argument) as WorkerOptions
  const database = await connect(options.target)
  const { executorId, staleAfterMs } = options
  const engine = createEngine({ database, executorId, staleAfterMs, executors: { tool: { execute } } })
  await engine.launch({ exclusive: options.exclusive })
  process.once('SIGTERM', () => {
    void engine
      .shutdown({ graceMs: options.graceMs })
      .then(() => database.close())
      .then(() => process.exit(0))
  })
  say({ kind: 'ready' })
}
