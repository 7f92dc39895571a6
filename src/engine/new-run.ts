import type { PrincipalId, ProjectId, RunId, TenantId } from '../kernel/index.ts'
import { canonicalJson, digestOf } from '../kernel/index.ts'
import { engineErrors } from './errors.ts'
import { LiveRun } from './live-run.ts'
import type { Plan } from './plan.ts'
import type { JsonObject } from './ports.ts'
import type { RunHeader } from './run-state.ts'

export interface RunSeed {
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
  readonly projectId: ProjectId
  readonly runId: RunId
  readonly plan: Plan
  readonly inputs: JsonObject
  readonly labels: Readonly<Record<string, string>>
  readonly parent: RunHeader['parent']
  readonly depth: number
}

/**
 * Checks the inputs against the definition and returns what makes the run.
 * @throws ATL_ENGINE_MISSING_INPUT, ATL_ENGINE_UNDECLARED_INPUT
 */
export function createRun(seed: RunSeed): () => LiveRun {
  const { plan, inputs: given } = seed
  const { name, version, inputs: declared } = plan.definition
  for (const input of Object.keys(given))
    if (!Object.hasOwn(declared, input))
      throw engineErrors.UNDECLARED_INPUT({ detail: `\`${input}\` of ${name}` })
  for (const [input, { required }] of Object.entries(declared))
    if (required && !Object.hasOwn(given, input))
      throw engineErrors.MISSING_INPUT({ detail: `\`${input}\` of ${name}` })
  // Inputs that were left out are null, so that expressions can ask for them.
  const absent = Object.keys(declared).filter((input) => !Object.hasOwn(given, input))
  const inputs: JsonObject = { ...Object.fromEntries(absent.map((input) => [input, null])), ...given }
  const content = canonicalJson(inputs)
  const inputsDigest = digestOf(content)
  return () => {
    const run = new LiveRun(
      {
        tenantId: seed.tenantId,
        runId: seed.runId,
        principalId: seed.principalId,
        projectId: seed.projectId,
        workflow: name,
        workflowVersion: version,
        definitionDigest: plan.digest,
        planDigest: plan.digest,
        planVersion: 1,
        phase: 'forward',
        outcome: null,
        status: 'running',
        inputsDigest,
        resultDigest: null,
        error: null,
        labels: seed.labels,
        parent: seed.parent,
        depth: seed.depth,
        revision: 0,
        lastSequence: 0,
        createdAt: 0,
        endedAt: null,
      },
      plan,
      inputs,
      [],
      new Map(),
    )
    run.storeContent(inputs, content, inputsDigest)
    return run
  }
}
