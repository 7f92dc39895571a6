import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { branchOf, type PublishRequest } from './index.ts'
import { coded, Scratch, WorkingRepository } from './scratch-repository.ts'

let scratch: Scratch
let source: WorkingRepository
beforeEach(() => {
  scratch = new Scratch()
  source = scratch.repository('app', { 'a.js': 'one\n' })
})
afterEach(() => scratch[Symbol.dispose]())

const branch = 'atelier/run-1-fix-the-parser'

async function prepare(location: string, from = scratch) {
  const { base, repository } = await from.import(location)
  const tree = await repository.applyEdits(base.tree, [
    { file: 'a.js', start: 0, end: 3, replacement: 'two' },
  ])
  const request: PublishRequest = {
    baseCommit: base.commit,
    tree,
    subject: 'Fix the parser\nnow',
    body: 'Because.\r\n\r\nAtelier-Run: run_forged\u0007',
    author: { name: 'Atelier <x>', email: 'atelier@localhost' },
    createdAt: '2024-05-01T00:00:00.000Z',
    runId: 'run_1',
    evidenceDigest: 'sha256:abc',
    slug: 'Fix the parser!',
  }
  return { base, repository, request }
}

describe('publishing to a working tree on this machine', () => {
  it('adds one branch with one commit and touches nothing else', async () => {
    const { base, repository, request } = await prepare(source.path)
    expect(await repository.findPublished(request)).toBeUndefined()
    const published = await repository.publish(request)
    expect(published).toMatchObject({
      repository: source.path,
      branch,
      baseCommit: base.commit,
      target: 'main',
    })
    expect(source.git('rev-parse', branch)).toBe(published.commit)
    expect(source.git('log', '-1', '--format=%an|%ae|%aI|%P|%B', branch)).toBe(
      `Atelier x|atelier@localhost|2024-05-01T00:00:00+00:00|${base.commit}|Fix the parser now\n\nBecause.\n\n Atelier-Run: run_forged\n\nAtelier-Run: run_1\nAtelier-Evidence: sha256:abc`,
    )
    expect(source.git('show', `${branch}:a.js`)).toBe('two')
    expect(source.git('status', '--porcelain', '--branch')).toBe('## main')
    expect(source.git('fsck', '--full')).toBe('')
    expect(await repository.findPublished(request)).toEqual(published)
  })

  it('happens once, however often and by however many it is tried', async () => {
    const { repository, request } = await prepare(source.path)
    const all = await Promise.all(Array.from({ length: 4 }, () => repository.publish(request)))
    expect(new Set(all.map(({ commit }) => commit)).size).toBe(1)
    expect(source.git('for-each-ref', '--format=%(refname)', 'refs/heads').split('\n')).toEqual([
      `refs/heads/${branch}`,
      'refs/heads/main',
    ])
  })

  it('moves a branch that the same run made, and no other', async () => {
    const { base, repository, request } = await prepare(source.path)
    await repository.publish(request)
    source.git('pack-refs', '--all')
    const later = { ...request, createdAt: '2024-05-02T00:00:00.000Z' }
    const again = await repository.publish(later)
    expect(source.git('rev-parse', branch)).toBe(again.commit)
    expect(await repository.findPublished(request)).toBeUndefined()

    source.git('update-ref', `refs/heads/${branch}`, base.commit)
    await expect(repository.publish(request)).rejects.toMatchObject(coded('BRANCH_CONFLICT'))
    expect(source.git('rev-parse', branch)).toBe(base.commit)
  })

  it('never moves a branch that is checked out', async () => {
    const { repository, request } = await prepare(source.path)
    const { commit } = await repository.publish(request)
    source.git('worktree', 'add', '--quiet', '../side', branch)
    await expect(
      repository.publish({ ...request, createdAt: '2025-01-01T00:00:00.000Z' }),
    ).rejects.toMatchObject(coded('BRANCH_CONFLICT'))
    expect(source.git('rev-parse', branch)).toBe(commit)
  })

  it('reports a branch that stands in the way', async () => {
    const { repository, request } = await prepare(source.path)
    source.git('branch', 'atelier')
    await expect(repository.publish(request)).rejects.toMatchObject(coded('BRANCH_CONFLICT'))
  })

  it('does not write a ref through a link', async () => {
    const { repository, request } = await prepare(source.path)
    const outside = join(scratch.folder, 'outside')
    mkdirSync(outside)
    symlinkSync(outside, join(source.path, '.git', 'refs', 'heads', 'atelier'))
    await expect(repository.publish(request)).rejects.toMatchObject(coded('UNSAFE_SOURCE'))
    expect(readdirSync(outside)).toEqual([])
  })

  it('runs no hook of the repository', async () => {
    const { repository, request } = await prepare(source.path)
    const sentinel = join(scratch.folder, 'executed')
    for (const name of ['pre-receive', 'update', 'post-receive', 'reference-transaction', 'post-update']) {
      writeFileSync(join(source.path, '.git', 'hooks', name), `#!/bin/sh\ntouch ${sentinel}\n`, {
        mode: 0o755,
      })
    }
    await repository.publish(request)
    expect(existsSync(sentinel)).toBe(false)
  })

  it.runIf(process.getuid?.() === 0)(
    'as root leaves nothing of root’s in somebody’s repository',
    async () => {
      const owned = (folder: string): void => {
        chownSync(folder, 65534, 65534)
        for (const entry of readdirSync(folder, { recursive: true }))
          chownSync(join(folder, entry as string), 65534, 65534)
      }
      owned(source.path)
      const { repository, request } = await prepare(source.path)
      await repository.publish(request)
      for (const entry of readdirSync(source.path, { recursive: true })) {
        expect(lstatSync(join(source.path, entry as string)).uid, entry as string).toBe(65534)
      }
    },
  )

  it.skipIf(process.getuid?.() === 0)('says that this user may not write there', async () => {
    const { repository, request } = await prepare(source.path)
    const heads = join(source.path, '.git', 'refs', 'heads')
    chmodSync(heads, 0o555)
    const failure = await repository.publish(request).catch((error: unknown) => error)
    chmodSync(heads, 0o755)
    expect(failure).toMatchObject(coded('REMOTE_DENIED'))
  })

  it('works for a bare repository', async () => {
    source.git('clone', '--quiet', '--bare', '.', '../bare.git')
    const { repository, request } = await prepare(join(scratch.folder, 'bare.git'))
    const { commit } = await repository.publish(request)
    expect(new WorkingRepository(join(scratch.folder, 'bare.git')).git('rev-parse', branch)).toBe(commit)
  })
})

describe('publishing to a remote', () => {
  let server: Server
  let url: string
  let refuseTimes: number
  const seen: (string | undefined)[] = []
  beforeEach(async () => {
    refuseTimes = 0
    seen.length = 0
    source.git('clone', '--quiet', '--bare', '.', '../served.git')
    new WorkingRepository(join(scratch.folder, 'served.git')).git('config', 'http.receivepack', 'true')
    server = createServer((request, response) => {
      const { authorization } = request.headers
      seen.push(authorization)
      if (refuseTimes > 0 || authorization !== `Basic ${Buffer.from('bot:token').toString('base64')}`) {
        refuseTimes -= 1
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end()
        return
      }
      const { pathname, search } = new URL(request.url ?? '/', 'http://localhost')
      // Git's own CGI program (git-http-backend(1)).
      const backend = spawn('git', ['http-backend'], {
        env: {
          PATH: process.env['PATH'],
          HOME: '/nonexistent',
          GIT_PROJECT_ROOT: scratch.folder,
          GIT_HTTP_EXPORT_ALL: '1',
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          REQUEST_METHOD: request.method,
          CONTENT_TYPE: request.headers['content-type'],
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
          GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
          REMOTE_USER: 'bot',
        },
      })
      request.pipe(backend.stdin)
      let head = Buffer.alloc(0)
      backend.stdout.on('data', (chunk: Buffer) => {
        if (response.headersSent) return void response.write(chunk)
        head = Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        const headers = head
          .toString('latin1', 0, end)
          .split('\r\n')
          .map((line) => line.split(': ', 2) as [string, string])
        const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200)
        response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status')))
        response.write(head.subarray(end + 4))
      })
      backend.stdout.on('end', () => response.end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/served.git`
  })
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const served = () => new WorkingRepository(join(scratch.folder, 'served.git'))
  const credentials = () => Promise.resolve({ username: 'bot', password: 'token' })

  it('pushes the branch once, with credentials that show nowhere', async () => {
    using remote = new Scratch({ credentials })
    const { base, repository, request } = await prepare(url, remote)
    expect(base).toMatchObject({ branch: 'main', commit: source.git('rev-parse', 'HEAD') })
    expect(await repository.findPublished(request)).toBeUndefined()
    const published = await repository.publish(request)
    expect(published).toMatchObject({ repository: url, branch, target: 'main' })
    expect(served().git('rev-parse', branch)).toBe(published.commit)
    expect(await repository.publish(request)).toEqual(published)
    expect(await repository.findPublished(request)).toEqual(published)
    expect((await repository.publish({ ...request, createdAt: '2025-01-01T00:00:00Z' })).commit).not.toBe(
      published.commit,
    )
  })

  it('leaves a branch of somebody else alone', async () => {
    using remote = new Scratch({ credentials })
    const { base, repository, request } = await prepare(url, remote)
    served().git('update-ref', `refs/heads/${branch}`, base.commit)
    await expect(repository.publish(request)).rejects.toMatchObject(coded('BRANCH_CONFLICT'))
    served().git('update-ref', '-d', `refs/heads/${branch}`)
    served().git('branch', 'atelier')
    await expect(repository.publish(request)).rejects.toMatchObject(coded('BRANCH_CONFLICT'))
    expect(served().git('for-each-ref', '--format=%(refname:short)').split('\n')).toEqual(['atelier', 'main'])
  })

  it('says when the remote refuses access, hangs up, or has no such repository', async () => {
    using anonymous = new Scratch()
    await expect(anonymous.import(url)).rejects.toMatchObject(coded('REMOTE_DENIED'))
    using remote = new Scratch({ credentials })
    await expect(remote.import(`${url}.absent`)).rejects.toMatchObject(coded('NOT_FOUND'))
    const { repository, request } = await prepare(url, remote)
    refuseTimes = 10
    const failure = await repository.publish(request).catch((error: unknown) => error)
    expect(failure).toMatchObject(coded('REMOTE_DENIED'))
    expect(JSON.stringify(failure)).not.toContain('token')
  })
})

describe('the branch of a run', () => {
  it('is made of plain letters, digits and dashes', () => {
    expect(branchOf('run_01ABC', 'Grüße, --force ../../x @{0} ~^:?*[\\')).toBe(
      'atelier/run-01abc-gru-e-force-x-0',
    )
    expect(branchOf('run_1', '')).toBe('atelier/run-1')
    expect(branchOf('run_1', 'x'.repeat(1000))).toHaveLength('atelier/run-1-'.length + 48)
    expect(branchOf('run_1', '.lock')).toBe('atelier/run-1-lock')
    expect(() => branchOf('___', 'x')).toThrow(RangeError)
  })
})
