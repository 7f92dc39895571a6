import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunView } from '../../src/contracts/index.ts'
import { readConfiguration } from '../../src/main/configuration.ts'
import { moveDatabase } from '../../src/main/database-move.ts'
import { startEmbeddedServer } from '../../src/store/index.ts'
import { runAtelier, startAtelier } from './atelier-process.ts'
import { git, scratchRepository } from './scratch-repository.ts'

let directory: string
let repository: string

/** A real project with ESLint, Prettier and a lock file, for all kinds of work: its dependencies are installed once. */
beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-upkeep-'))
  chmodSync(directory, 0o755)
  repository = scratchRepository('test/fixtures/till', path.join(directory, 'till'))
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

type Answer = Partial<RunView> & { readonly error?: { readonly code: string } | null }

async function atelier(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly run: Answer }> {
  const { code, stdout, stderr } = await runAtelier(path.join(directory, 'data'), ...args, '--json')
  expect(stderr + stdout).not.toMatch(/\n\s+at .*\.ts:\d+/)
  return { code, run: JSON.parse(stdout) as Answer }
}

/** Everything that was verified holds, and no test is broken. */
function expectVerified({ code, run }: Awaited<ReturnType<typeof atelier>>): void {
  expect(code, JSON.stringify(run.error ?? run.report)).toBe(3)
  expect(run.report?.checks.length).toBeGreaterThan(1)
  expect(run.report?.checks.every(({ holds }) => holds)).toBe(true)
  expect(run.report?.proof).toMatchObject({ passed: 2, failed: 0 })
}

test(
  'lint fixes are read from the title, approved, and published on a branch',
  { timeout: 600_000 },
  async () => {
    const asked = await atelier('solve', '--repo', repository, '--issue', 'Fix lint errors', '--approve')
    expect(asked.code, JSON.stringify(asked.run.error ?? asked.run.report)).toBe(0)
    expect(asked.run).toMatchObject({ outcome: 'delivered', workflow: { name: 'lint-fix' } })
    expect(asked.run.report?.attention).toContain('the kind of work was read from the title: Fix lint errors')
    const branch = asked.run.report?.published?.branch ?? ''
    expect(git(repository, 'show', `${branch}:src/till.js`)).toContain('const rounded')

    // What was counted and verified is part of the evidence.
    const file = path.join(directory, 'evidence.json')
    expect((await runAtelier(path.join(directory, 'data'), 'evidence', 'export', '-o', file)).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('no new problem')
    expect((await runAtelier(path.join(directory, 'data'), 'evidence', 'verify', file)).code).toBe(0)
  },
)

test('formatting keeps the syntax trees', { timeout: 600_000 }, async () => {
  const formatted = await atelier('fix', 'format', '--repo', repository, '--no-wait')
  expectVerified(formatted)
  expect(formatted.run.report).toMatchObject({ kind: 'format', explanation: 'prettier formatted 1 file.' })
})

test(
  'a codemod takes its rule from a file, and has nothing to do where nothing matches',
  { timeout: 600_000 },
  async () => {
    const rule = path.join(directory, 'rule.yml')
    writeFileSync(
      rule,
      'id: zero\nlanguage: JavaScript\nrule: { pattern: $A == 0 }\nfix: $A === 0\nmetadata: { complete: true }\n',
    )
    const changed = await atelier('codemod', rule, '--repo', repository, '--no-wait')
    expectVerified(changed)
    expect(changed.run.report?.patch).toContain('+  if (rounded === 0) return 0')

    const elsewhere = await atelier('codemod', rule, '--repo', repository, '--path', 'test')
    expect(elsewhere.code).toBe(0)
    expect(elsewhere.run).toMatchObject({
      outcome: 'unchanged',
      report: { explanation: 'The rule matches nothing.' },
    })

    const absent = await atelier('codemod', 'no-such-rule', '--repo', repository)
    expect(absent).toMatchObject({ code: 6, run: { error: { code: 'ATL_UPKEEP_RULE_NOT_FOUND' } } })
  },
)

test('an update of a dependency brings its versions and its changelog', { timeout: 600_000 }, async () => {
  const updated = await atelier('deps', '--repo', repository, '--package', 'commander', '--no-wait')
  expectVerified(updated)
  expect(updated.run.report?.summary?.files.map((file) => file.path)).toEqual(['package-lock.json'])
  expect(updated.run.report?.found.join('\n')).toContain('commander 2.19.0 → 2.20.3')
})

/** A server that is not the studio's, of Debian where it is installed: its owner steps down to the studio's roles. */
async function startServer() {
  const root = '/usr/lib/postgresql'
  const version = existsSync(root) ? readdirSync(root).at(-1) : undefined
  const server = await startEmbeddedServer({
    directory: path.join(directory, 'server'),
    ...(version !== undefined && { binDirectory: path.join(root, version, 'bin') }),
  })
  const administrator = await connected(server.urlFor('atelier_admin'))
  await administrator.query(
    'alter role atelier_owner inherit; grant atelier_app, atelier_system to atelier_owner',
  )
  return { url: server.target.owner, administrator, stop: () => server.stop() }
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString, ssl: false })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

test(
  'all of it moves to a server of its own, goes on there, and moves back',
  { timeout: 600_000 },
  async () => {
    const data = path.join(directory, 'data')
    const { url, administrator, stop } = await startServer()
    const at = async (databaseUrl: string | undefined, ...args: readonly string[]) => {
      const environment = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }
      const { code, stdout } = await startAtelier(data, [...args, '--json'], 'cli', environment).finished
      const answer = JSON.parse(stdout) as Answer & { readonly audit?: { ok: boolean; records: number } }
      return { code, answer }
    }
    const refusal = (to: string | undefined, databaseUrl?: string) => {
      const configuration = { ...readConfiguration({ dataDirectory: data }, {}), databaseUrl }
      const { signal } = new AbortController()
      return expect(moveDatabase(configuration, { to, signal, onProgress: () => undefined })).rejects
    }
    try {
      await refusal('postgresql://nobody@127.0.0.1:1/nowhere').toMatchObject({
        code: 'ATL_STORE_UNAVAILABLE',
      })
      await administrator.query(
        `create schema old; grant usage on schema old to public;
       create function old.current_setting(text) returns text language sql as $$ select '140011' $$`,
      )
      const old = new URL(url)
      old.searchParams.set('options', '-c search_path=old,pg_catalog')
      await refusal(old.href).toMatchObject({ code: 'ATL_STORE_SERVER_TOO_OLD' })
      const holder = await startEmbeddedServer({ directory: path.join(data, 'postgresql') })
      await refusal(url).toMatchObject({ code: 'ATL_EMBEDDED_IN_USE' })
      await holder.stop()

      const there = await at(undefined, 'move-database', '--to', url)
      expect(there).toMatchObject({ code: 0, answer: { audit: { ok: true } } })
      const shown = await at(url, 'show', 'latest')
      expect(shown.answer).toMatchObject({ status: 'waiting', report: { proof: { passed: 2, failed: 0 } } })
      expect(await at(url, 'approve', 'latest')).toMatchObject({ code: 0, answer: { outcome: 'delivered' } })
      const rule = path.join(directory, 'rule.yml')
      expect(await at(url, 'codemod', rule, '--repo', repository, '--path', 'test')).toMatchObject({
        code: 0,
        answer: { outcome: 'unchanged' },
      })

      await refusal(undefined, url).toMatchObject({ code: 'ATL_STORE_MOVE_OCCUPIED' })
      renameSync(path.join(data, 'postgresql'), path.join(data, 'before'))
      await administrator.query(`insert into tenants (id, name) values ('second', 'Second')`)
      // Killed while it waits for a table in the middle, it leaves nothing at either end.
      await administrator.query('begin; lock table runs in access exclusive mode')
      const killed = startAtelier(data, ['move-database', '--to', 'embedded'], 'cli', { DATABASE_URL: url })
      const inTheMiddle = new Promise<void>((resolve) => {
        let said = ''
        killed.child.stderr?.on('data', (chunk: string) => {
          said += chunk
          if (said.includes('principals')) resolve()
        })
      })
      await Promise.race([inTheMiddle, killed.finished])
      killed.killGroup()
      expect((await killed.finished).signal).toBe('SIGKILL')
      await administrator.query('commit')

      const back = await at(url, 'move-database', '--to', 'embedded')
      expect(back).toMatchObject({ code: 0, answer: { audit: { ok: true } } })
      expect(back.answer.audit?.records).toBeGreaterThan(there.answer.audit?.records ?? 0)
      expect(await at(undefined, 'show', 'latest')).toMatchObject({ answer: { outcome: 'unchanged' } })
    } finally {
      await administrator.end()
      await stop()
    }
  },
)
