import type { Reproduction } from '../model.ts'
import { aimedAt, InProcessValidator } from './in-process-validator.ts'
import type { AimedTest } from './in-process-validator.ts'
import type { WireTest } from './protocol.ts'
import { RunnerValidator } from './runner-validator.ts'
import { idOf, matchTests } from './test-identity.ts'
import type { Validation, ValidationSetup } from './validation-setup.ts'
import { runFile } from './warm-run.ts'
import type { Ran } from './warm-run.ts'
import { workerBindingOf } from './worker-binding.ts'
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
    Array.from({ length: Math.max(1, setup.workers) }, () =>
      setup.openSandbox(workerBindingOf(framework).binds),
    ),
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
  const { failing, guards, victims } = chooseTests(reproduction, ran)
  if (failing.length === 0) return slow(disagreement(reproduction, ran))
  const onDisk = ran.some((run) => run.startsProcesses)
  return new InProcessValidator(workers, {
    failing,
    guards,
    victims,
    onDisk,
    observes: workerBindingOf(framework).observes,
    reproduction,
    logger: setup.logger,
  })
}

interface ChosenTests {
  readonly failing: readonly AimedTest[]
  readonly guards: readonly AimedTest[]
  readonly victims: readonly string[]
}

/**
 * Tests that fail in the workers too are what candidates are measured by. Those that fail in the report and pass here
 * were victims of another one's crash, which ended the runner before their turn: they must pass like any other.
 */
function chooseTests(reproduction: Reproduction, ran: readonly Ran[]): ChosenTests {
  const tests = ran.flatMap((run) => run.tests)
  const unstable = new Set(tests.filter(({ outcome }) => outcome !== 'passed').map(idOf))
  const failing = [...matchTests(reproduction.failing, tests)]
  const isStable = ([, test]: readonly [string, WireTest]): boolean => !unstable.has(idOf(test))
  const dear = dearOnes(failing, reproduction)
  const victims = failing.filter((one) => isStable(one) || dear.has(one[0]))
  // Tests that the report does not know did not have their turn either.
  const known = new Set(failing.map(([, test]) => idOf(test)))
  const others = tests.filter((test) => !unstable.has(idOf(test)) && !known.has(idOf(test)))
  const passing = [...new Map(others.map((test) => [idOf(test), test]))]
  const toAim = ([id, test]: readonly [string, WireTest]): AimedTest => aimedAt(test, id)
  return {
    failing: failing.filter(([id, test]) => test.outcome === 'failed' && !dear.has(id)).map(toAim),
    guards: [...passing, ...failing.filter(isStable)].map(toAim),
    victims: victims.map(([id]) => id),
  }
}

/**
 * Ids of failing tests that end in the project's own runner, but take more than a worker has patience for. They are left
 * to the last word, unless there are no others.
 */
function dearOnes(
  failing: readonly (readonly [string, WireTest])[],
  reproduction: Reproduction,
): ReadonlySet<string> {
  const messages = new Map(reproduction.failing.map(({ id, message = '' }) => [id, message]))
  const dear = failing.filter(
    ([id, test]) => test.exhausted === true && !/did not end|time(?:d )?-?out/i.test(messages.get(id) ?? ''),
  )
  const others = failing.filter(([, test]) => test.outcome === 'failed').length - dear.length
  return new Set(others > 0 ? dear.map(([id]) => id) : [])
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
