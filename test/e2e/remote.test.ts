import { createServer, request as forward } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, createClient } from '../../src/api/client/index.ts'
import { type ModelServer, startModelServer } from '../../src/testing/index.ts'
import { packageRoot, type Started, startAtelier } from './atelier-process.ts'
import { git, scratchRepository } from './scratch-repository.ts'
import { ready, signIn } from './serving.ts'

const issue = path.join(packageRoot, 'examples/appointments/ISSUE.md')

let directory: string
let repository: string
let server: Started
let model: ModelServer
let url: string
let ownerHeaders: Record<string, string>
let owner: Client
/** API tokens, by whose they are. */
let tokens: { readonly owner: string; readonly dora: string }

beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'atelier-remote-'))
  chmodSync(directory, 0o755)
  repository = scratchRepository('examples/appointments', path.join(directory, 'repository'))
  const steps = [{ when: { last: 'hello' }, answer: 'Good day.' }]
  model = await startModelServer({ scenario: { name: 'polite', steps }, key: 'key-of-the-provider' })
  mkdirSync(path.join(directory, 'data/models'), { recursive: true })
  writeFileSync(path.join(directory, 'data/models/models.yaml'), catalogue(model.url))
  server = serve('0')
  const started = await ready(server)
  url = started.url
  ownerHeaders = await signIn(started.ownerLink)
  owner = createClient({ baseUrl: url, headers: ownerHeaders })
  const { member, link } = await owner.invitePerson({ body: { handle: 'dora', name: 'Dora' } })
  await owner.giveRole({ params: { memberId: member.id, role: 'engineer' } })
  const dora = createClient({ baseUrl: url, headers: await signIn(link) })
  tokens = { owner: await tokenOf(owner), dora: await tokenOf(dora) }
}, 180_000)

afterAll(async () => {
  server.killGroup()
  await model.close()
  rmSync(directory, { recursive: true, force: true })
})

function serve(port: string): Started {
  const environment = { SCRIPTED_API_KEY: 'key-of-the-provider' }
  return startAtelier(path.join(directory, 'data'), ['serve', '--port', port, '--json'], 'cli', environment)
}

/** One model that speaks the protocol of OpenAI and one that speaks Anthropic's. */
function catalogue(at: string): string {
  const upstream = {
    baseUrl: `${at}/v1`,
    credential: 'SCRIPTED_API_KEY',
    deployment: 'cloud',
    residency: 'de',
  }
  const model = { context: 8000, maxOutput: 1000, size: 'small', prices: { input: 2, output: 10 } }
  return JSON.stringify({
    upstreams: {
      left: { ...upstream, kind: 'openai-compatible' },
      right: { ...upstream, kind: 'anthropic' },
    },
    models: { left: { ...model, upstream: 'left' }, right: { ...model, upstream: 'right' } },
  })
}

async function tokenOf(
  client: Client,
  scopes: readonly string[] = ['read', 'work', 'decide', 'administer'],
): Promise<string> {
  return (await client.createToken({ body: { name: 'Test', scopes: [...scopes] } })).token
}

/** The command line of another account: it knows nothing but the address, and a token where it is given one. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Started {
  const elsewhere = path.join(directory, 'elsewhere')
  return startAtelier(elsewhere, args, 'cli', {
    XDG_CONFIG_HOME: elsewhere,
    ATELIER_SERVER: undefined,
    ATELIER_TOKEN: undefined,
    ...environment,
  })
}

function remotely(who: keyof typeof tokens, ...args: readonly string[]) {
  return start([...args, '--server', url], { ATELIER_TOKEN: tokens[who] }).finished
}

function locally(...args: readonly string[]) {
  return startAtelier(path.join(directory, 'data'), args).finished
}

async function failureOf(process: Promise<{ readonly code: number | null; readonly stdout: string }>) {
  const { code, stdout } = await process
  return { exit: code, ...(JSON.parse(stdout) as { readonly error: { readonly code: string } }).error }
}

test(
  'work is asked for, followed through a restart, approved and published from elsewhere, with the output of here',
  { timeout: 600_000 },
  async () => {
    const solving = start(['solve', '--repo', repository, '--issue', issue, '--no-wait', '--server', url], {
      ATELIER_TOKEN: tokens.dora,
    })
    // The server ends in the middle of the work, and another one goes on with it.
    await expect.poll(async () => (await owner.listRuns()).items.length, { timeout: 120_000 }).toBe(1)
    const [run] = (await owner.listRuns()).items
    await Promise.all([
      server.finished,
      (async () => {
        for await (const event of owner.watchRun({ params: { runId: run!.id } }))
          if (event.kind === 'step-ended') break
        server.child.kill('SIGTERM')
      })(),
    ])
    server = serve(new URL(url).port)
    await ready(server)
    const solved = await solving.finished
    expect(solved).toMatchObject({ code: 3 })
    expect(solved.stdout).toContain('waiting for approval')
    expect(solved.stderr).toContain('✔')

    expect(await failureOf(remotely('dora', 'approve', '--json'))).toMatchObject({
      exit: 6,
      code: 'ATL_APPROVAL_OWN_WORK',
    })
    const [followed, approved] = await Promise.all([
      remotely('owner', 'logs', '-f', '--json'),
      remotely('owner', 'approve', 'latest', '--reason', 'as it should be'),
    ])
    expect(approved).toMatchObject({ code: 0 })
    expect(approved.stdout).toContain('delivered')
    const branch = /branch (\S+)/.exec(approved.stdout)?.[1] ?? ''
    expect(git(repository, 'branch', '--list', branch).trim()).toBe(branch)
    const sequences = followed.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly sequence: number }).sequence)
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))

    for (const command of [
      ['runs'],
      ['runs', '--json'],
      ['show', run!.id.slice(-8)],
      ['show', 'latest', '--json'],
      ['show', '--diff'],
      ['show', '--steps'],
      ['logs', run!.id],
      ['show', 'nothing', '--json'],
      ['index', '--repo', repository, '--json'],
      ['search', 'interval', 'overlaps', '--repo', repository],
      ['context', '--issue', 'Back to back appointments', '--repo', repository, '--json'],
      ['route', 'explain', 'Rounding is wrong', '--json'],
      ['route', 'report', '--json', '--days', '9999'],
    ]) {
      const [there, here] = await Promise.all([remotely('owner', ...command), locally(...command)])
      expect([command, there.code, there.stdout]).toEqual([command, here.code, here.stdout])
    }
    // Nobody here works on it.
    expect(
      await failureOf(remotely('owner', 'search', 'sandbox', '--repo', packageRoot, '--json')),
    ).toMatchObject({
      code: 'ATL_STUDIO_REPOSITORY_UNKNOWN',
    })
    const bundle = path.join(directory, 'evidence.json')
    expect(await remotely('owner', 'evidence', 'export', '-o', bundle)).toMatchObject({ code: 0 })
    expect(await locally('evidence', 'verify', bundle)).toMatchObject({ code: 0 })
    expect((await remotely('owner', 'audit', 'verify')).stdout).toContain('one unbroken chain')
    expect(await remotely('owner', 'trust', repository, '--reason', 'ours')).toMatchObject({ code: 0 })
    expect(await remotely('owner', 'mcp', 'servers')).toMatchObject({ code: 0 })
  },
)

test(
  'a sign-in that a person approved in a browser is used, and is the default where asked',
  {
    timeout: 180_000,
  },
  async () => {
    const login = start(['login', '--server', url, '--default'])
    let printed = ''
    for await (const chunk of login.child.stderr!.iterator({ destroyOnReturn: false })) {
      printed += String(chunk)
      if (/code \S+\n/.test(printed)) break
    }
    const code = /approve the code (\S+)/.exec(printed)?.[1] ?? ''
    await fetch(`${url}/auth/device`, {
      method: 'POST',
      headers: { ...ownerHeaders, 'content-type': 'application/x-www-form-urlencoded' },
      body: `user_code=${code}&verdict=approved`,
    })
    expect(await login.finished).toMatchObject({ code: 0 })
    const file = path.join(directory, 'elsewhere/atelier/credentials.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ default: url })

    expect((await start(['runs', '--json']).finished).code).toBe(0)
    expect((await start(['trust', '/srv/x', '--reason', 'ours']).finished).code).toBe(0)
    // Gone with the sign-in; what is said for this machine is still for this machine.
    expect((await start(['logout', '--server', url]).finished).stdout).toContain('Signed out')
    expect(await failureOf(start(['runs', '--server', url, '--json']).finished)).toMatchObject({
      exit: 6,
      code: 'ATL_HOST_NOT_SIGNED_IN',
    })
  },
)

test(
  "a certificate of one's own is trusted once it is named, and not before",
  { timeout: 180_000 },
  async () => {
    const certificate = path.join(import.meta.dirname, 'fixtures/self-signed.pem')
    const heard: unknown[] = []
    const secure = createSecureServer(
      {
        cert: readFileSync(certificate),
        key: readFileSync(certificate.replace('.pem', '-key.pem')),
      },
      (asked, answer) => {
        heard.push(asked.headers.authorization)
        const { method, headers } = asked
        const behind = forward(new URL(asked.url ?? '/', url), { method, headers }, (answered) => {
          answer.writeHead(answered.statusCode ?? 502, answered.headers)
          answered.pipe(answer)
        })
        asked.pipe(behind)
      },
    )
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
    const address = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
    const environment = { ATELIER_TOKEN: tokens.owner, NODE_EXTRA_CA_CERTS: undefined }
    try {
      for (const args of [['runs'], ['login']]) {
        const { stderr, stdout, code } = await start([...args, '--server', address], environment).finished
        const said = stderr + stdout
        expect([code, said]).toEqual([6, expect.stringContaining('ATL_HOST_SERVER_UNTRUSTED')])
        expect(said).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
        expect(said).toContain('NODE_EXTRA_CA_CERTS=')
        expect(said).not.toMatch(/REJECT_UNAUTHORIZED|insecure/i)
      }
      // Nothing is sent to whom nobody vouches for, the token least of all.
      expect(heard).toEqual([])
      const trusting = { ...environment, NODE_EXTRA_CA_CERTS: certificate }
      const listed = await start(['runs', '--json', '--server', address], trusting).finished
      expect([listed.code, listed.stderr]).toEqual([0, ''])
    } finally {
      secure.close()
    }
  },
)

test('what cannot be done from elsewhere says so, with a code', { timeout: 180_000 }, async () => {
  const token = { ATELIER_TOKEN: tokens.owner }
  const page = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<h1>Not the studio</h1>')
  })
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
  const pageUrl = `http://127.0.0.1:${(page.address() as AddressInfo).port}`
  const refused = async (environment: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    (await failureOf(start([...args, '--json'], environment).finished)).code
  try {
    expect(await refused(token, 'doctor', '--server', url)).toBe('ATL_CLI_ONLY_HERE')
    expect(await refused(token, 'runs', '--server', url, '--data-directory', '/srv')).toBe(
      'ATL_CLI_OPTION_ONLY_HERE',
    )
    expect(await refused(token, 'approve', '--server', url, '--as', 'dora')).toBe('ATL_CLI_OPTION_ONLY_HERE')
    // Also where the name is the one that is meant when nobody says one.
    expect(await refused({ ...token, ATELIER_SERVER: url }, 'approve', '--as', 'owner')).toBe(
      'ATL_CLI_OPTION_ONLY_HERE',
    )
    expect(await refused({ ...token, ATELIER_SERVER: 'nonsense' }, 'runs')).toBe('ATL_HOST_URL_INVALID')
    expect(await refused({ ATELIER_TOKEN: 'atl_forged', ATELIER_SERVER: url }, 'runs')).toBe(
      'ATL_HOST_SIGN_IN_ENDED',
    )
    expect(await refused(token, 'runs', '--server', 'http://127.0.0.1:9')).toBe('ATL_HOST_SERVER_UNREACHABLE')
    expect(await refused(token, 'runs', '--server', pageUrl)).toBe('ATL_CLIENT_UNEXPECTED_ANSWER')
  } finally {
    page.close()
  }
})

test('models are asked at the address of the studio, with a token and the official clients', async () => {
  const token = await tokenOf(owner, ['models'])
  const openai = new OpenAI({ baseURL: `${url}/gateway/v1`, apiKey: token, maxRetries: 0 })
  const anthropic = new Anthropic({ baseURL: `${url}/gateway`, apiKey: token, maxRetries: 0 })
  const hello = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'hello' }] }
  for (const name of ['left', 'right']) {
    const chat = await openai.chat.completions.stream({ ...hello, model: name }).finalContent()
    const { output_text: response } = await openai.responses.create({ model: name, input: 'hello' })
    const message = await anthropic.messages.create({ ...hello, model: name })
    const texts = [chat, response, message.content.find(({ type }) => type === 'text')]
    expect([name, ...texts]).toMatchObject([
      name,
      'Good day.',
      'Good day.',
      { type: 'text', text: 'Good day.' },
    ])
  }
  const budget = await owner.setBudget({
    params: { level: 'person', subject: 'person:owner' },
    body: { tokens: 1 },
  })
  expect(budget).toMatchObject({ level: 'person', units: { tokens: { limit: 1 } } })
  await expect(openai.chat.completions.create({ ...hello, model: 'left' })).rejects.toMatchObject({
    status: 402,
    code: 'insufficient_quota',
  })
  const [account] = (await owner.listRunBudgets({ query: { limit: 100 } })).items.filter(({ subject }) =>
    subject.startsWith('models:'),
  )
  expect(account).toMatchObject({ projectId: 'default', units: { tokens: { reserved: 0 } } })
  // Neither the session of a browser nor a token for other things opens a model.
  const inBrowser = await fetch(`${url}/gateway/v1/models`, { headers: ownerHeaders })
  expect([inBrowser.status, await inBrowser.json()]).toMatchObject([
    401,
    { error: { code: 'invalid_api_key', atelier: { code: 'ATL_API_NOT_AUTHENTICATED' } } },
  ])
  const other = new Anthropic({ baseURL: `${url}/gateway`, apiKey: tokens.owner, maxRetries: 0 })
  await expect(other.messages.create({ ...hello, model: 'right' })).rejects.toMatchObject({ status: 403 })
})
