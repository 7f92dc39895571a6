import path from 'node:path'
import { loadAgents } from '../control/agents/index.ts'
import type { RepositoryHost } from '../execution/repository/index.ts'
import { openSigningKey } from '../governance/audit/index.ts'
import {
  createAuthenticator,
  createDeviceLogins,
  createStepKeys,
  type CredentialAuthenticator,
  type DeviceLogins,
  longestStepLifetimeMs,
  type PublicAddress,
  type StepKeys,
} from '../governance/credentials/index.ts'
import {
  createCredentials,
  createPeople,
  type Credentials,
  type People,
} from '../governance/directory/index.ts'
import type { Governance } from '../governance/index.ts'
import { createSignIn, readProviders, type SignIn } from '../governance/sign-in/index.ts'
import { createProofFile, createTenants, type Tenants } from '../governance/tenants/index.ts'
import type { Clock, Logger } from '../kernel/index.ts'
import type { Database } from '../store/index.ts'
import { type Configuration, localUrl } from './configuration.ts'
import { registerAgents } from './workplace.ts'

/** Who is who, how they show it, and what tenants there are. */
export interface IdentityPlane {
  readonly address: PublicAddress
  readonly authenticator: CredentialAuthenticator
  readonly people: People
  readonly credentials: Credentials
  readonly tenants: Tenants
  readonly signIn: SignIn
  readonly deviceLogins: DeviceLogins
  readonly stepKeys: StepKeys
}

/** @throws errors of OIDC where the identity providers cannot be used, and ATL_AUDIT_KEY_UNREADABLE. */
export async function openIdentityPlane(
  configuration: Configuration,
  parts: {
    readonly database: Database
    readonly governance: Governance
    readonly repositories: RepositoryHost
    readonly clock: Clock
    readonly logger: Logger
  },
): Promise<IdentityPlane> {
  const { dataDirectory, packageRoot, publicUrl, credentials: secretNamed } = configuration
  const { database, governance, repositories, clock } = parts
  const { administration, audit } = governance
  const address = { url: publicUrl ?? localUrl }
  const providers = await readProviders(path.join(dataDirectory, 'identity', 'providers.yaml'), secretNamed)
  return {
    address,
    authenticator: createAuthenticator({ ...parts, address }),
    people: createPeople(administration),
    credentials: createCredentials(administration),
    tenants: createTenants({
      database,
      clock,
      administration,
      key: await openSigningKey(path.join(dataDirectory, 'keys')),
      folders: [{ name: 'repositories', remove: (tenantId) => repositories.removeTenant(tenantId) }],
      prepare: async (tenantId) =>
        registerAgents(
          database,
          await loadAgents(path.join(packageRoot, 'agents'), path.join(dataDirectory, 'agents')),
          tenantId,
        ),
      keepProof: createProofFile(path.join(dataDirectory, 'tenant-deletions.jsonl')),
    }),
    signIn: createSignIn({ database, audit, address, providers }),
    deviceLogins: createDeviceLogins(database),
    stepKeys: createStepKeys({ database, longestLifetimeMs: longestStepLifetimeMs }),
  }
}
