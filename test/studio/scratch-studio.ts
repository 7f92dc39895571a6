import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import type { z } from 'zod'
import { createStudio, type Studio } from '../../src/api/index.ts'
import type { RunView, Submission } from '../../src/contracts/index.ts'
import { seededIdentities, tenantScope } from '../../src/governance/index.ts'
import { readConfiguration } from '../../src/main/configuration.ts'
import { assembleStudio } from '../../src/main/studio.ts'
import type { Database } from '../../src/store/index.ts'
import type { ModelServer, ScenarioSource } from '../../src/testing/index.ts'

export interface ScratchStudio extends AsyncDisposable {
  readonly studio: Studio
  readonly database: Database
  readonly dataDirectory: string
  /** Location of a small repository: `total` in `src/price.js` is wrong, and one of two tests shows it. */
  readonly repository: string
  /** Submits work and waits until the run has ended or waits for a person. */
  run(work: Pick<Submission, 'issue' | 'labels'>): Promise<RunView>
  /** What the audit log has of a run, oldest first. */
  audit(runId: string): Promise<readonly AuditLine[]>
  /** What acts of this tool left in a run, oldest first. */
  outputs(runId: string, tool: string): Promise<readonly unknown[]>
  /** How many reservations nobody has settled. */
  reservations(): Promise<number>
}

export interface AuditLine {
  readonly action: string
  readonly outcome: string
  readonly principalId: string
  readonly code: string | undefined
  readonly message: string | undefined
}

const repositoryFiles: Readonly<Record<string, string>> = {
  'package.json':
    '{ "name": "price", "version": "1.0.0", "type": "module", "scripts": { "test": "node --test" } }\n',
  'src/price.js':
    '/** What all items cost together. */\nexport function total(items) {\n  return items.reduce((sum, { price }) => sum - price, 0)\n}\n',
  'test/price.test.js': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { total } from '../src/price.js'

test('nothing costs nothing', () => {
  assert.equal(total([]), 0)
})

test('prices are added up', () => {
  assert.equal(total([{ price: 1 }, { price: 2 }]), 3)
})
`,
}

export interface ScratchStudioOptions {
  readonly server: ModelServer
  /** Of the provider; the studio alone has it. */
  readonly providerKey: string
  /** Further files of the data directory and of the repository, by path. */
  readonly data?: Readonly<Record<string, string>>
  readonly repository?: Readonly<Record<string, string>>
  /** Lines of `tiers` and `rules` of the routing. */
  readonly tiers: readonly string[]
  readonly rules?: readonly string[]
  readonly attempts?: number
  /** `defaults` of the routes. */
  readonly routeDefaults?: string
}

/** The whole studio in this process, as the command line opens it, with an embedded database and a scripted provider. */
export async function openScratchStudio(options: ScratchStudioOptions): Promise<ScratchStudio> {
  const root = mkdtempSync(path.join(tmpdir(), 'atelier-studio-'))
  chmodSync(root, 0o755)
  const [dataDirectory, repository] = [path.join(root, 'data'), path.join(root, 'repository')]
  writeFiles(dataDirectory, { ...modelFiles(options), ...options.data })
  writeFiles(repository, { ...repositoryFiles, ...options.repository })
  commitAll(repository)
  const below = await assembleStudio(
    {
      ...readConfiguration({ dataDirectory }, {}),
      credentials: (name) => (name === 'SCRIPTED_KEY' ? options.providerKey : undefined),
    },
    'work',
  )
  const studio = createStudio(below)
  const { database } = below
  const { tenant, owner } = seededIdentities
  const read = <T>(query: (tx: Parameters<Parameters<Database['transaction']>[1]>[0]) => Promise<T>) =>
    database.transaction(tenantScope(tenant, owner), query)
  return {
    studio,
    database,
    dataDirectory,
    repository,
    run: async (work) => {
      const { runId } = await studio.submit({ ...work, repository: { location: repository } })
      return settle(studio, runId)
    },
    audit: (runId) =>
      read(async (tx) => {
        const rows = await tx
          .selectFrom('audit_log')
          .select(['action', 'outcome', 'principal_id', 'record'])
          .where('run_id', '=', runId)
          .orderBy('seq')
          .execute()
        return rows.map(({ action, outcome, principal_id, record }) => {
          const { detail } = JSON.parse(record) as { detail: { code?: string; message?: string } }
          return { action, outcome, principalId: principal_id, code: detail.code, message: detail.message }
        })
      }),
    outputs: (runId, tool) =>
      read(async (tx) => {
        const { rows } = await sql<{ content: Buffer }>`
          select content from acts join blobs on blobs.tenant_id = acts.tenant_id and digest = output_digest
          where run_id = ${runId} and tool = ${tool} order by acts.created_at`.execute(tx)
        return rows.map(({ content }) => JSON.parse(content.toString()) as unknown)
      }),
    reservations: () =>
      read(async (tx) => {
        const { rows } = await sql`select 1 from budget_reservations where state = 'held'`.execute(tx)
        return rows.length
      }),
    [Symbol.asyncDispose]: async () => {
      await studio.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Waits until a run has ended or waits for a person. */
export async function settle(studio: Studio, runId: string): Promise<RunView> {
  let sequence = 0
  for (;;) {
    for await (const event of studio.watchRun(runId, { follow: true, afterSequence: sequence }))
      sequence = event.sequence
    const run = await studio.getRun(runId)
    if (run.status !== 'running') return run
  }
}

type Json = z.infer<ReturnType<typeof z.json>>

/** A call of a tool in a scripted answer. */
export const call = (tool: string, input: Json = {}) => ({ call: { tool, input } })

/** What `finish` takes, of an agent that has changed nothing and says so. */
export const nothingDone = {
  status: 'no-change-needed',
  cause: '',
  summary: 'Nothing was changed.',
  files: [],
  tested: '',
  remaining: [],
}

export const allDone = { ...nothingDone, status: 'done', summary: 'total adds up.' }

/** The mend that the issue asks for. */
export const mend = call('files_edit', {
  path: 'src/price.js',
  edits: [{ find: 'sum - price', replace: 'sum + price' }],
})

type Answer = NonNullable<ScenarioSource['steps'][number]['answer']>

/** Answers turn by turn wherever `mark` is in the conversation; the last answer is given again and again. */
export function script(
  name: string,
  mark: string,
  answers: readonly Answer[],
  more: Partial<ScenarioSource['steps'][number]> = {},
): ScenarioSource {
  return {
    name,
    steps: answers.map((answer, index) => ({
      ...more,
      when: {
        anywhere: mark,
        turn: index === answers.length - 1 ? `${index + 1}..` : index + 1,
        ...more.when,
      },
      answer,
    })),
  }
}

function modelFiles({ server, tiers, rules = [], attempts = 1, routeDefaults }: ScratchStudioOptions) {
  const model = (id: string): string =>
    `  ${id}: { upstream: scripted, name: ${id}, context: 100000, maxOutput: 4000, size: small, capabilities: [tools], prices: { input: 1, output: 1 } }`
  const names = ['small', 'large']
  return {
    'models/models.yaml': [
      'upstreams:',
      `  scripted: { kind: openai-compatible, baseUrl: "${server.url}/v1", deployment: on-premises, residency: here, credential: SCRIPTED_KEY }`,
      'models:',
      ...names.map((name) => model(`scripted-${name}`)),
    ].join('\n'),
    'models/routes.yaml': [
      ...(routeDefaults === undefined ? [] : [`defaults: ${routeDefaults}`]),
      'routes:',
      ...names.map((name) => `  ${name}: { targets: [{ model: scripted-${name} }] }`),
    ].join('\n'),
    'models/routing.yaml': [
      'version: 1',
      'tiers:',
      ...tiers.map((line) => `  - ${line}`),
      `rules: [${rules.join(', ')}]`,
      'classifier: { bias: -2, weights: {}, trust: 1000, least: 0 }',
      `attempts: ${attempts}`,
    ].join('\n'),
  }
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, text)
  }
}

function commitAll(repository: string): void {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-C', repository, '-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args])
  }
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'Begin')
}
