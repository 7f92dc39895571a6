import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../kernel/index.ts'
import { coded, Scratch } from './scratch-repository.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.dispose]())

describe('importing', () => {
  it('takes HEAD of a working tree and says what it is', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const { base, notes, repository } = await scratch.import(source.path)
    expect(base).toEqual({
      commit: source.git('rev-parse', 'HEAD'),
      tree: source.git('rev-parse', 'HEAD^{tree}'),
      branch: 'main',
      subject: 'First',
      committedAt: expect.stringMatching(/^2024-01-01T00:0\d:00\.000Z$/) as string,
    })
    expect(notes).toEqual([])
    expect(await repository.readText(base.tree, 'a.js')).toBe('one\n')
  })

  it('never shows a reader a HEAD that is half written', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const { repository } = await scratch.import(source.path)
    const reader = openSync(join(repository.gitDirectory, 'HEAD'), 'r')
    source.git('checkout', '--quiet', '-b', 'side')
    expect((await scratch.import(source.path)).base.branch).toBe('side')
    expect(readFileSync(reader, 'utf8')).toBe('ref: refs/heads/main\n')
    closeSync(reader)
  })

  it('takes a bare repository, a file URL, a relative path and a linked working tree', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    source.git('clone', '--quiet', '--bare', '.', '../bare.git')
    source.git('worktree', 'add', '--quiet', '-b', 'side', '../side')
    const commit = source.git('rev-parse', 'HEAD')
    for (const location of [
      join(scratch.folder, 'bare.git'),
      `file://${source.path}`,
      'app',
      './app/',
      join(scratch.folder, 'side'),
    ]) {
      expect((await scratch.import(location)).base.commit, location).toBe(commit)
    }
    expect((await scratch.import(join(scratch.folder, 'side'))).base.branch).toBe('side')
  })

  it('resolves branches, tags, commits and what lies before them', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const first = source.git('rev-parse', 'HEAD')
    source.git('tag', '-a', 'v1', '-m', 'One')
    const second = source.commit('Second', { 'a.js': 'two\n' })
    source.git('branch', 'feature/x')
    source.git('pack-refs', '--all')
    const third = source.commit('Third', { 'a.js': 'three\n' })
    const resolved = async (revision: string) => (await scratch.import(source.path, revision)).base
    expect((await resolved('v1')).commit).toBe(first)
    expect(await resolved('feature/x')).toMatchObject({ commit: second, branch: 'feature/x' })
    expect((await resolved('main~2')).commit).toBe(first)
    expect((await resolved(second)).commit).toBe(second)
    expect((await resolved(second.slice(0, 10))).commit).toBe(second)
    expect(await resolved('HEAD')).toMatchObject({ commit: third, branch: 'main' })
  })

  it('finds a detached HEAD and a commit that no branch reaches', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const lost = source.commit('Lost', { 'a.js': 'two\n' })
    source.git('reset', '--quiet', '--hard', 'HEAD~1')
    expect((await scratch.import(source.path, lost)).base.commit).toBe(lost)
    source.git('checkout', '--quiet', '--detach', lost)
    expect((await scratch.import(source.path)).base).toMatchObject({ commit: lost, branch: null })
  })

  it('follows the source when it moves, also backwards', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    source.git('branch', 'gone')
    const second = source.commit('Second', { 'a.js': 'two\n' })
    expect((await scratch.import(source.path)).base.commit).toBe(second)
    source.git('reset', '--quiet', '--hard', 'HEAD~1')
    const other = source.commit('Other', { 'a.js': 'three\n' })
    source.git('branch', '-D', 'gone')
    const { base, repository } = await scratch.import(source.path)
    expect(base.commit).toBe(other)
    await expect(repository.resolve('gone')).rejects.toMatchObject(coded('UNKNOWN_REVISION'))
    expect((await repository.resolve(second)).commit, 'runs that started earlier still find their base').toBe(
      second,
    )
  })

  it('leaves uncommitted changes out and says so', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n', '.gitignore': 'ignored\n' })
    source.write({ 'a.js': 'two\n', 'new.js': '', ignored: '' })
    const { base, notes, repository } = await scratch.import(source.path)
    expect(await repository.readText(base.tree, 'a.js')).toBe('one\n')
    expect(notes).toEqual([
      'The working tree has uncommitted files (1 changed, 1 untracked); they are not part of this work.',
    ])
  })

  it('takes a shallow clone and a SHA-256 repository', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const second = source.commit('Second', { 'a.js': 'two\n' })
    source.git('clone', '--quiet', '--depth=1', `file://${source.path}`, '../shallow')
    const shallow = await scratch.import(join(scratch.folder, 'shallow'))
    expect(shallow.base.commit).toBe(second)
    expect(existsSync(join(await shallow.repository.materialiseClone(shallow.base), '.git', 'shallow'))).toBe(
      true,
    )

    const modern = scratch.repository('modern', { 'a.js': 'one\n' }, ['--object-format=sha256'])
    const imported = await scratch.import(modern.path)
    expect(imported.base.commit).toBe(modern.git('rev-parse', 'HEAD'))
    const tree = await imported.repository.applyEdits(imported.base.tree, [
      { file: 'a.js', start: 0, end: 3, replacement: 'two' },
    ])
    expect(await imported.repository.readText(tree, 'a.js')).toBe('two\n')
    expect(await imported.repository.applyFileChanges(tree, [{ kind: 'delete', path: 'a.js' }])).toHaveLength(
      64,
    )
  })

  it('does one import after the other, and both arrive', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const imports = await Promise.all(Array.from({ length: 4 }, () => scratch.import(source.path)))
    expect(new Set(imports.map(({ base }) => base.commit)).size).toBe(1)
  })

  it('keeps tenants apart', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const ours = await scratch.import(source.path)
    const theirs = await scratch.host.import({ tenantId: 'tenant-b' as TenantId, location: source.path })
    expect(theirs.repository.gitDirectory).not.toBe(ours.repository.gitDirectory)
    await expect(
      scratch.host.open({ tenantId: 'tenant-c' as TenantId, location: source.path }),
    ).rejects.toMatchObject(coded('NOT_FOUND'))
  })

  it('opens what was imported without looking at the source', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const { base } = await scratch.import(source.path)
    rmSync(join(source.path, '.git'), { recursive: true })
    const repository = await scratch.host.open({ tenantId: scratch.tenantId, location: source.path })
    expect(await repository.resolve()).toEqual(base)
  })
})

describe('what cannot be imported', () => {
  it('is told apart', async () => {
    const source = scratch.repository('app', { 'src/a.js': 'one\n' })
    scratch.repository('empty')
    mkdirSync(join(scratch.folder, 'plain'))
    await expect(scratch.import('absent')).rejects.toMatchObject(coded('NOT_FOUND'))
    await expect(scratch.import('plain')).rejects.toMatchObject(coded('NOT_FOUND'))
    await expect(scratch.import('app/src')).rejects.toMatchObject({
      ...coded('NOT_FOUND'),
      message: expect.stringContaining(`inside the repository ${source.path}`) as string,
    })
    await expect(scratch.import('empty')).rejects.toMatchObject(coded('EMPTY'))
    await expect(scratch.import('app', 'no-such-branch')).rejects.toMatchObject(coded('UNKNOWN_REVISION'))
    await expect(scratch.import('app', '0'.repeat(39) + '1')).rejects.toMatchObject(coded('UNKNOWN_REVISION'))
  })

  it('leaves nothing behind for a wrong path', async () => {
    await expect(scratch.import('absent')).rejects.toMatchObject(coded('NOT_FOUND'))
    expect(existsSync(join(scratch.folder, 'state'))).toBe(false)
  })

  it.each([
    '--upload-pack=touch /tmp/owned',
    '-u',
    'ext::sh -c touch% /tmp/owned',
    'fd::17/foo',
    'transport::address',
    'git://example.org/a.git',
    'http://example.org/a.git',
    'ftp://example.org/a.git',
    'https://user:secret@example.org/a.git',
    'https://example.org/a.git?x=1',
    'ssh://-oProxyCommand=touch%20owned/x',
    'ssh://-l@example.org/x',
    'git@-oProxyCommand=x:y',
    'host:-upload',
    'file://server/share',
    'https://exa\nmple.org',
    '',
    ' ',
  ])('is refused before git sees it: %j', async (location) => {
    await expect(scratch.import(location)).rejects.toMatchObject(coded('LOCATION_REFUSED'))
  })

  it.each([
    '--all',
    '-n',
    'a..b',
    ':/text',
    'HEAD:a.js',
    'main@{1}',
    '@{-1}',
    'a b',
    '^main',
    'x^{/y}',
    '',
    '\u0000',
  ])('is no revision: %j', async (revision) => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    await expect(scratch.import(source.path, revision)).rejects.toMatchObject(coded('UNKNOWN_REVISION'))
  })

  it('says that a remote does not answer', async () => {
    await expect(scratch.import('http://127.0.0.1:1/a.git')).rejects.toMatchObject({
      ...coded('REMOTE_UNREACHABLE'),
      retryable: true,
    })
  })

  it('says that objects are damaged', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const blob = source.git('rev-parse', 'HEAD:a.js')
    const file = join(source.path, '.git', 'objects', blob.slice(0, 2), blob.slice(2))
    chmodSync(file, 0o644)
    writeFileSync(file, 'garbage')
    await expect(scratch.import(source.path)).rejects.toMatchObject(coded('CORRUPTED'))
    rmSync(file)
    await expect(scratch.import(source.path)).rejects.toMatchObject(coded('CORRUPTED'))
    writeFileSync(join(source.path, '.git', 'HEAD'), 'nonsense')
    await expect(scratch.import(source.path)).rejects.toMatchObject(coded('CORRUPTED'))
  })

  it.skipIf(process.getuid?.() === 0)('says that this user may not read it', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    chmodSync(join(source.path, '.git'), 0)
    await expect(scratch.import(source.path)).rejects.toMatchObject(coded('UNREADABLE'))
    chmodSync(join(source.path, '.git'), 0o755)
  })

  it('says that git is missing, is cancelled, and leaves no scratch folders', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    using other = new Scratch({ git: '/nonexistent/git' })
    await expect(other.import(source.path)).rejects.toMatchObject(coded('GIT_MISSING'))

    const signal = AbortSignal.abort()
    const request = { tenantId: scratch.tenantId, location: source.path, signal }
    await expect(scratch.host.import(request)).rejects.toMatchObject(coded('CANCELLED'))
    const { repository } = await scratch.import(source.path)
    expect(readdirSync(join(repository.gitDirectory, '..', 'scratch'))).toEqual([])
  })

  it('ends a git that hangs, with its children', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    const hanging = join(scratch.folder, 'hanging-git')
    const pidFile = join(scratch.folder, 'pid')
    writeFileSync(
      hanging,
      `#!/bin/sh\ncase "$*" in *fetch*) sleep 300 & echo $! > ${pidFile}; wait;; *) exec git "$@";; esac\n`,
      { mode: 0o755 },
    )
    using other = new Scratch({ git: hanging, limits: { transferMs: 500 } })
    await expect(other.import(source.path)).rejects.toMatchObject({ ...coded('TIMED_OUT'), retryable: true })
    const pid = Number(readFileSync(pidFile, 'utf8'))
    await expect.poll(() => isRunning(pid)).toBe(false)
  })
})

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
