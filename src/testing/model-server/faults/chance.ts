import { createHash } from 'node:crypto'
import { modelServerErrors } from '../errors.ts'
import { faultNames } from './catalogue.ts'
import type { FaultName } from './catalogue.ts'

/** How often each fault happens, from 0 to 1. At most one happens to a request, so they sum up to 1 at most. */
export type FaultProbabilities = Readonly<Partial<Record<FaultName, number>>>

/**
 * Checks names and probabilities, which may come from a command line.
 *
 * @throws ATL_MODEL_SERVER_FAULTS_INVALID
 */
export function checkProbabilities(given: Readonly<Record<string, number>>): FaultProbabilities {
  const known = new Set<string>(faultNames)
  const reject = (detail: string): never => {
    throw modelServerErrors.FAULTS_INVALID({ detail })
  }
  for (const [name, probability] of Object.entries(given)) {
    if (!known.has(name))
      reject(`no fault is called ${JSON.stringify(name)}; there are ${faultNames.join(', ')}`)
    if (!(probability >= 0 && probability <= 1)) reject(`the probability of ${name} is ${probability}`)
  }
  const sum = Object.values(given).reduce((total, one) => total + one, 0)
  // Ten times 0.1 is a little more than 1 in floating point.
  if (sum > 1 + 1e-9) reject(`the probabilities sum up to ${sum}`)
  return given
}

/**
 * Decides whether something goes wrong with a request. The same seed, conversation and attempt give the same fault, in
 * whatever order requests arrive.
 */
export function drawFault(
  probabilities: FaultProbabilities,
  draw: { readonly seed: number; readonly conversation: string; readonly attempt: number },
): FaultName | undefined {
  const { seed, conversation, attempt } = draw
  const digest = createHash('sha256').update(`${seed}\n${conversation}\n${attempt}`).digest()
  let rest = digest.readUIntBE(0, 6) / 2 ** 48
  for (const name of faultNames) {
    rest -= probabilities[name] ?? 0
    if (rest < 0) return name
  }
  return undefined
}
