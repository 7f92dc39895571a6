import type { Reproduction } from '../model.ts'
import { InProcessValidator } from './in-process-validator.ts'
import type { AimedTest } from './in-process-validator.ts'
import type { WireTest } from './protocol.ts'
import { RunnerValidator } from './runner-validator.ts'
import { idOf, matchTests } from './test-identity.ts'
import type { Validation, ValidationSetup } from './validation-setup.ts'
import { runFile } from './warm-run.ts'
import type { Ran } from './warm-run.ts'
import { workerBinds } from './worker-binding.ts'
import { WorkerProcess } from './worker-process.ts'

const testMs = 5000

/**
 * Makes ready to try candidates. The tests that fail are run once in warm workers on the unchanged program; where
 * these see the same failures as the project's own runner did, candidates are tried there, else with the runner.
 *
 * @throws `ATL_VALIDATION_WORKER_FAILED` if the sandbox cannot run anything
 */
export async function openValidation(setup: ValidationSetup): Promise<Validation> {
  const { framework, directory, environment, reproduction } = setup
  const options = { framework, directory, environment: { ...environment, NODE_ENV: 'test' }, testMs }
  const sandboxes = await Promise.all(
    Array.from({ length: Math.max(1, setup.workers) }, () => setup.openSandbox(workerBinds)),
  )
  const workers = sandboxes.map((sandbox) => new WorkerProcess(sandbox, options))
  const slow = (reason: string): Validation => {
    for (const worker of workers) worker.stop()
    setup.logger.log('info', { reason }, 'Candidates are tried with the project’s own runner')
    return new RunnerValidator(sandboxes, setup, reason)
  }
  const ran: Ran[] = []
  try {
    for (const file of reproduction.failingFiles) {
      const runs = await Promise.all(workers.map((worker) => runFile(worker, file, false)))
      ran.push(...runs.filter((run) => run !== null))
    }
  } catch (error) {
    return slow(error instanceof Error ? error.message : String(error))
  }
  const failing = [
    ...matchTests(
      reproduction.failing,
      ran.flatMap(({ tests }) => tests),
    ),
  ]
    .filter(([, test]) => test.outcome === 'failed')
    .map(([id, test]) => aimed(id, test))
  if (failing.length === 0) return slow(disagreement(reproduction, ran))
  const guards = stablePassing(reproduction, ran)
  const onDisk = ran.some((run) => run.startsProcesses)
  return new InProcessValidator(workers, { failing, guards, onDisk, reproduction, logger: setup.logger })
}

function aimed(id: string, test: WireTest): AimedTest {
  return {
    id,
    path: { file: test.file, names: test.names, occurrence: test.occurrence },
    message: test.message ?? '',
  }
}

/** Tests that pass in the report and in every worker. */
function stablePassing(reproduction: Reproduction, ran: readonly Ran[]): readonly AimedTest[] {
  const unstable = new Set<string>()
  for (const { tests } of ran)
    for (const test of tests) if (test.outcome !== 'passed') unstable.add(idOf(test))
  const matches = matchTests(
    reproduction.passing,
    ran.flatMap(({ tests }) => tests),
  )
  return [...matches].filter(([, test]) => !unstable.has(idOf(test))).map(([id, test]) => aimed(id, test))
}

function disagreement(reproduction: Reproduction, ran: readonly Ran[]): string {
  const wanted = reproduction.failing.map(({ id }) => id).slice(0, 3)
  const failure = ran.find((run) => run.failure !== undefined)?.failure
  const seen = ran.flatMap(({ tests }) => tests)
  const failed = seen.filter(({ outcome }) => outcome === 'failed').map(idOf)
  return [
    `in a worker ${failure ?? `${seen.length} tests ran and ${failed.length} failed`}`,
    `wanted: ${wanted.join('; ')}`,
    ...(failed.length > 0 ? [`failed: ${failed.slice(0, 3).join('; ')}`] : []),
  ].join('. ')
}
