import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createServices, loadServing } from '../../src/api/index.ts'
import type { ApiServer } from '../../src/api/index.ts'
import type { StudioServices } from '../../src/api/index.ts'
import { operations } from '../../src/contracts/api/index.ts'
import type { Operation } from '../../src/contracts/api/index.ts'
import type { Caller } from '../../src/contracts/index.ts'
import { createSignInLink, issueApiToken } from '../../src/governance/credentials/index.ts'
import { registerPrincipal, seededIdentities } from '../../src/governance/index.ts'
import type { PrincipalId, TenantId } from '../../src/kernel/index.ts'
import { readConfiguration } from '../../src/main/configuration.ts'
import { assembleStudio } from '../../src/main/studio.ts'
import { createPlainBrowser } from '../../src/testing/index.ts'
import type { PlainBrowser } from '../../src/testing/index.ts'
import { drawRequest } from './requests.ts'
import type { Chance } from './requests.ts'

/** Somebody in a tenant, what they have seen of it, and what nobody else may see. */
export interface Attacker {
  readonly tenantId: TenantId
  readonly principalId: PrincipalId
  /** In every text that this one writes. */
  readonly marker: string
  browser: PlainBrowser
  /** Ids that answers have named. */
  readonly seen: string[]
}

export interface AttackedStudio extends AsyncDisposable {
  readonly below: StudioServices
  readonly server: ApiServer
  /** Makes a tenant and signs its owner in. */
  createAttacker(name: string): Promise<Attacker>
  /** Makes a project in the tenant of another one, and signs somebody in who owns this project and nothing else. */
  createColleague(of: Attacker, name: string): Promise<Attacker>
  /** One random request, of any operation where none is named. Whose session has ended is signed in anew. */
  attack(
    attacker: Attacker,
    others: readonly Attacker[],
    chance: Chance,
    operation?: Operation,
  ): Promise<AttackOutcome>
  /** What this tenant's own transactions can read, and everything that all share, as text. */
  readable(tenantId: TenantId): Promise<string>
  /** The studio's log files. */
  logs(): Promise<string>
}

interface AttackOutcome {
  readonly operation: string
  readonly status: number
  /** Status line, headers and body. */
  readonly text: string
}

/** The whole studio on a data directory of its own, served as it is to everybody. */
export async function createAttackedStudio(): Promise<AttackedStudio> {
  const directory = await mkdtemp(join(tmpdir(), 'atelier-attack-'))
  const configuration = readConfiguration({ dataDirectory: directory }, {})
  const below = await assembleStudio(configuration, 'look')
  const { identity } = below
  const services = createServices(below)
  const { addGateway, addSignInRoutes, addTenantExport, createHandlers, startApiServer } = await loadServing()
  const server = await startApiServer({
    operations,
    handlers: createHandlers(services),
    authenticator: identity.authenticator,
    database: below.database,
    logger: below.logger,
    version: '0',
    listen: { host: '127.0.0.1', port: 0 },
    checkReady: () => Promise.resolve(),
    extensions: [
      (app) => addSignInRoutes(app, identity),
      (app) => addTenantExport(app, identity.tenants),
      (app, underWay) => {
        const { models: core, logger } = below
        return addGateway(app, underWay, { core, modelUse: services.modelUse, logger })
      },
    ],
    limits: { requestsPerMinute: 1_000_000, anonymousPerMinute: 1_000_000, answerMs: 20_000 },
  })
  const { database } = below

  const signIn = async (
    tenantId: TenantId,
    principalId: PrincipalId = seededIdentities.owner,
  ): Promise<PlainBrowser> => {
    const code = await database.transaction({ kind: 'tenant', tenantId, principalId }, (tx) =>
      createSignInLink(tx, tenantId, principalId),
    )
    const browser = createPlainBrowser()
    await browser.get(`${server.url}/auth/first/${code}`, () => true)
    return browser
  }

  const tokenOf = async ({ principal: { tenantId, id } }: Caller, name: string): Promise<string> => {
    const holder = { tenantId, principalId: id, createdBy: id }
    const { token } = await database.transaction({ kind: 'tenant', tenantId, principalId: id }, (tx) =>
      issueApiToken(tx, { ...holder, name, scopes: ['models'], lifetimeMs: 3_600_000 }),
    )
    return token
  }

  /** Somebody who is registered, with work that waits in the queues of the engine: no process takes it up. */
  const attackerOf = async (
    tenantId: TenantId,
    principalId: PrincipalId,
    { marker, projectId }: { readonly marker: string; readonly projectId?: string },
  ): Promise<Attacker> => {
    const browser = await signIn(tenantId, principalId)
    const caller = await identity.authenticator.authenticate({ cookie: browser.cookiesFor(server.url) })
    if (caller === undefined) throw new Error(`${principalId} is not signed in`)
    const work = {
      issue: { title: marker, body: marker },
      repository: { location: `/${marker}` },
      labels: [],
    }
    const { runId } = await services.workItems.submit(
      caller,
      { ...work, projectId },
      { source: 'api', key: undefined },
    )
    await askModel(server.url, await tokenOf(caller, marker), marker)
    return { tenantId, principalId, marker, browser, seen: [principalId, runId] }
  }

  return {
    below,
    server,
    createAttacker: async (name) => {
      const tenantId = `${name}-${Math.random().toString(36).slice(2, 8)}` as TenantId
      const principalId = seededIdentities.owner
      const operator = await identity.authenticator.authenticate({
        cookie: (await signIn(seededIdentities.tenant)).cookiesFor(server.url),
      })
      if (operator === undefined) throw new Error('the operator is not signed in')
      await identity.tenants.create(operator, { id: tenantId, name })
      return attackerOf(tenantId, principalId, { marker: `marker-of-${tenantId}` })
    },
    createColleague: async ({ tenantId }, name) => {
      const [projectId, principalId] = [`prj_${name}`, `person:${name}` as PrincipalId]
      await database.transaction({ kind: 'tenant', tenantId, principalId }, async (tx) => {
        const ofProject = { tenant_id: tenantId, principal_id: principalId }
        await registerPrincipal(tx, tenantId, { id: principalId, kind: 'person', name, roles: [] })
        await tx
          .insertInto('projects')
          .values({ ...ofProject, id: projectId, name, settings: '{}' })
          .execute()
        await tx
          .insertInto('project_roles')
          .values({ ...ofProject, project_id: projectId, role: 'owner', source: 'given' })
          .execute()
      })
      return attackerOf(tenantId, principalId, { marker: `marker-of-${name}`, projectId })
    },
    attack: async (attacker, others, chance, named) => {
      const operation = named ?? chance.of<Operation>(Object.values(operations))
      const strings = stringsFor(attacker, others, chance)
      const request = drawRequest(operation, chance, strings)
      const answer = await send(server.url, attacker, request)
      if (answer.status === 401) attacker.browser = await signIn(attacker.tenantId, attacker.principalId)
      remember(attacker, answer.text)
      return { operation: operation.id, ...answer }
    },
    readable: (tenantId) => readEverything(below, tenantId),
    logs: async () => {
      const files = await readdir(directory, { recursive: true, withFileTypes: true })
      const logs = files.filter((file) => file.isFile() && file.name.endsWith('.log'))
      return (await Promise.all(logs.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))).join(
        '\n',
      )
    },
    [Symbol.asyncDispose]: async () => {
      await server.close({ graceMs: 0 })
      await below.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** There is no such model, but it is on record that somebody asked for it, and what. */
async function askModel(url: string, token: string, marker: string): Promise<void> {
  const { status } = await fetch(`${url}/gateway/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: marker, messages: [{ role: 'user', content: marker }] }),
  })
  if (status !== 404) throw new Error(`asking for the model ${marker} was answered with ${status}`)
}

/** Own ids and texts, and the ids of the others: an attacker may know those, and gets nothing by it. */
function stringsFor(attacker: Attacker, others: readonly Attacker[], chance: Chance): readonly string[] {
  const some = (from: readonly string[]): readonly string[] =>
    from.length === 0 ? [] : Array.from({ length: 3 }, () => chance.of(from))
  return [
    attacker.marker,
    `${attacker.marker}-${chance.below(1000)}`,
    attacker.tenantId,
    'default',
    'read',
    ...some(attacker.seen),
    // Ids that hold the marker are left out: it must not occur in an answer because it was in the question.
    ...others.flatMap(({ seen, tenantId, marker }) => [
      ...some(seen.filter((id) => !id.includes(marker))),
      tenantId,
    ]),
  ]
}

async function send(
  url: string,
  { browser }: Attacker,
  { method, path, body }: ReturnType<typeof drawRequest>,
): Promise<{ readonly status: number; readonly text: string }> {
  const cancel = new AbortController()
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      cookie: browser.cookiesFor(url),
      origin: url,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: cancel.signal,
  })
  const head = `${response.status} ${JSON.stringify([...response.headers])}`
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true)
    return { status: response.status, text: `${head}\n${await response.text()}` }
  // A stream goes on for ever: what it begins with is enough.
  const first = await Promise.race([response.body?.getReader().read(), delay(50)])
  cancel.abort()
  return { status: response.status, text: `${head}\n${Buffer.from(first?.value ?? []).toString()}` }
}

const mostSeen = 200

/** Ids that the studio gave, in an answer. */
function remember(attacker: Attacker, text: string): void {
  for (const [id] of text.matchAll(
    /\b(?:run|work|ses|token|key|appr|wf|step)_[0-9a-z]{20,}|(?:person|service):[\w.-]+/g,
  ))
    if (!attacker.seen.includes(id)) attacker.seen.push(id)
  attacker.seen.splice(1, Math.max(0, attacker.seen.length - mostSeen))
}

async function readEverything({ database }: StudioServices, tenantId: TenantId): Promise<string> {
  const scope = { kind: 'tenant', tenantId, principalId: seededIdentities.owner } as const
  return database.transaction(scope, async (_tx, client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
          and has_table_privilege(oid, 'select')`,
    )
    const texts: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(
        `select to_jsonb(t.*)::text as line from "${name}" t`,
      )
      texts.push(`${name}: ${rows.map(({ line }) => line).join('\n')}`)
    }
    return texts.join('\n')
  })
}
