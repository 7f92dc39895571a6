import { join } from 'node:path'
import { BackgroundIndexer } from '../control/context/index.ts'
import type { Engine } from '../engine/index.ts'
import { openSigningKey, type SigningKey } from '../governance/audit/index.ts'
import {
  createAuthenticator,
  createDeviceLogins,
  createStepKeys,
  longestStepLifetimeMs,
} from '../governance/credentials/index.ts'
import { createCredentials, createPeople } from '../governance/directory/index.ts'
import { engineStory, exportEvidence } from '../governance/evidence/index.ts'
import { verifyLedger } from '../governance/index.ts'
import { createSignIn } from '../governance/sign-in/index.ts'
import { createTenants } from '../governance/tenants/index.ts'
import { silentLogger, systemClock } from '../kernel/index.ts'
import type { GovernedStudio } from '../testing/index.ts'
import { askingWorkflow, scratchFiles, scratchWorkflow } from './scratch-workflow.ts'
import { openWorkshop } from './scratch-workshop.ts'
import type { CoreServices } from './services/index.ts'

type Below = Pick<GovernedStudio, 'database' | 'governance' | 'directory'>

/** What services for clients stand on, in any process on the database of a test. */
export async function openScratchServices(below: Below, engine: Engine): Promise<CoreServices> {
  const { database, governance, directory } = below
  const { audit, approvals } = governance
  const key = await openSigningKey(join(directory, 'keys'))
  const story = engineStory(engine, database)
  const evidence = { database, clock: systemClock, audit, approvals, key, story, environment: {} }
  const workflow = JSON.stringify(scratchWorkflow)
  return {
    ...governance,
    ...(await openWorkshop(below, directory, {
      repair: workflow,
      format: workflow,
      'lint-fix': JSON.stringify(askingWorkflow),
      codemod: workflow,
      'dependency-update': workflow,
    })),
    identity: identityOf(below, key),
    database,
    engine,
    clock: systemClock,
    logger: silentLogger,
    modelUseLimits: { money: 1_000_000, tokens: 100_000 },
    runLimits: { money: 1_000_000, tokens: 1000, toolCalls: 100, seconds: 1000 },
    releaseRun: () => Promise.resolve(),
    repositories: {
      identify: (location) => Promise.resolve(location),
      readFile: (_place, tree, path) => Promise.resolve(scratchFiles[`${tree}:${path}`] ?? null),
    },
    code: {
      indexer: new BackgroundIndexer({ database, logger: silentLogger }),
      background: false,
      openSource: () => Promise.reject(new Error('the scratch studio has no repositories')),
    },
    prepareSample: () =>
      Promise.resolve({ location: '/srv/git/sample.git', issue: { title: 'A fault', body: '' } }),
    exportEvidence: (scope, runId) => exportEvidence(evidence, scope, runId),
    verifyRecords: async (scope) => {
      const chain = await audit.verify(scope)
      const ledger = await database.transaction(scope, (tx) => verifyLedger(tx, scope.tenantId))
      return { ok: chain.ok && ledger.ok, records: chain.records, problems: [] }
    },
  }
}

function identityOf({ database, governance }: Below, key: SigningKey): CoreServices['identity'] {
  const { administration, audit } = governance
  const address = { url: 'http://127.0.0.1' }
  return {
    address,
    authenticator: createAuthenticator({ database, address, logger: silentLogger }),
    people: createPeople(administration),
    credentials: createCredentials(administration),
    tenants: createTenants({
      database,
      clock: systemClock,
      administration,
      key,
      folders: [],
      prepare: () => Promise.resolve(),
      keepProof: () => Promise.resolve(),
    }),
    signIn: createSignIn({ database, audit, address, providers: [] }),
    deviceLogins: createDeviceLogins(database),
    stepKeys: createStepKeys({ database, longestLifetimeMs: longestStepLifetimeMs }),
  }
}
