import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Caller } from '../../contracts/index.ts'
import { readPolicyTests, runPolicyTests } from '../../governance/policy/index.ts'
import type { PolicyTestResult } from '../../governance/policy/index.ts'
import { studioResource } from './access.ts'
import type { Access } from './access.ts'
import type { StudioServices } from './studio-services.ts'

interface PolicyView {
  readonly id: string
  /** With comments and annotations, as it was written. */
  readonly text: string
  /** Name of the file, or of the tenant's own policy. */
  readonly source: string
  readonly line: number
  readonly shipped: boolean
}

export interface PoliciesInForce {
  /** Over all of them: what an approval binds to. */
  readonly digest: string
  readonly schema: string
  readonly policies: readonly PolicyView[]
}

export interface PolicyTestFile {
  readonly file: string
  readonly results: readonly Pick<PolicyTestResult, 'name' | 'passed' | 'message'>[]
}

type Parts = Pick<StudioServices, 'policy' | 'ownPolicies' | 'policyTests'>

/** The policies that decide for a tenant, and those it makes for itself. */
export class PolicyService {
  readonly #services: Parts
  readonly #access: Access

  constructor(services: Parts, access: Access) {
    this.#services = services
    this.#access = access
  }

  get own(): Parts['ownPolicies'] {
    return this.#services.ownPolicies
  }

  /** @throws ATL_DOOR_DENIED */
  async inForce(caller: Caller): Promise<PoliciesInForce> {
    await this.#mayRead(caller)
    const { policy } = this.#services
    const shipped = new Set(policy.shipped.policies.map(({ id }) => id))
    const { digest, policies } = policy.of(caller.principal.tenantId)
    return {
      digest,
      schema: policy.schema,
      policies: policies.map(({ id, text, file, line }) => ({
        id,
        text,
        source: path.basename(file),
        line,
        shipped: shipped.has(id),
      })),
    }
  }

  /** Runs the tests of the shipped policies against these alone. @throws ATL_DOOR_DENIED */
  async runShippedTests(caller: Caller): Promise<readonly PolicyTestFile[]> {
    await this.#mayRead(caller)
    const { policy, policyTests } = this.#services
    const names = (await readdir(policyTests)).filter((name) => name.endsWith('.yaml')).sort()
    return Promise.all(
      names.map(async (name) => ({
        file: name,
        results: runPolicyTests(policy.shipped, await readPolicyTests(path.join(policyTests, name))).map(
          ({ name: test, passed, message }) => ({ name: test, passed, message }),
        ),
      })),
    )
  }

  async #mayRead(caller: Caller): Promise<void> {
    await this.#access.assertReading(caller, { action: 'read-policies', resource: studioResource(caller) })
  }
}
