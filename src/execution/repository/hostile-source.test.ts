import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PublishRequest } from './index.ts'
import { coded, Scratch, type WorkingRepository } from './scratch-repository.ts'

/** An attack that succeeds shall cost the machine that runs the tests little. */
const limits = { commandMs: 20_000, transferMs: 30_000, memoryBytes: 512 * 1024 ** 2 }

let scratch: Scratch
let source: WorkingRepository
/** Exists once anything of the repository's has been executed. */
let sentinel: string
let program: string
beforeEach(() => {
  scratch = new Scratch({ limits })
  sentinel = join(scratch.folder, 'executed')
  program = join(scratch.folder, 'attack.sh')
  writeFileSync(program, `#!/bin/sh\necho "$0 $*" >> '${sentinel}'\ncat\n`, { mode: 0o755 })
  source = scratch.repository('app', {
    'a.js': 'one\n',
    'b.bin': 'two\n',
    '.gitattributes': '* filter=attack diff=attack merge=attack ident\n*.js text eol=crlf export-ignore\n',
  })
})
afterEach(() => scratch[Symbol.dispose]())

/** Everything a repository can configure that makes some git command run a program. */
function arm(directory: string): void {
  const hooks = join(directory, 'hooks')
  mkdirSync(hooks, { recursive: true })
  const names = `applypatch-msg commit-msg fsmonitor-watchman post-applypatch post-checkout post-commit post-index-change
    post-merge post-receive post-rewrite post-update pre-applypatch pre-auto-gc pre-commit pre-merge-commit
    pre-push pre-rebase pre-receive prepare-commit-msg proc-receive push-to-checkout reference-transaction
    sendemail-validate update`
  for (const name of names.split(/\s+/))
    writeFileSync(join(hooks, name), `#!/bin/sh\nexec '${program}' ${name}\n`, { mode: 0o755 })
  const extra = join(directory, 'extra-config')
  writeFileSync(extra, `[core]\n\tsshCommand = ${program} included\n\tfsmonitor = ${program} included\n`)
  const configuration = [
    `[core]`,
    `\tfsmonitor = ${program} fsmonitor`,
    `\thooksPath = ${hooks}`,
    `\tsshCommand = ${program} ssh`,
    `\teditor = ${program} editor`,
    `\tpager = ${program} pager`,
    `\taskPass = ${program} askpass`,
    `\tgitProxy = ${program} proxy`,
    `\talternateRefsCommand = ${program} alternates`,
    `[diff]\n\texternal = ${program} diff`,
    `[diff "attack"]\n\tcommand = ${program} diff-driver\n\ttextconv = ${program} textconv`,
    `[filter "attack"]\n\tclean = ${program} clean\n\tsmudge = ${program} smudge\n\tprocess = ${program} process\n\trequired = true`,
    `[merge "attack"]\n\tdriver = ${program} merge`,
    `[uploadpack]\n\tpackObjectsHook = ${program} pack-objects`,
    `[receive]\n\tprocReceiveRefs = refs`,
    `[credential]\n\thelper = !${program} credential`,
    `[gpg]\n\tprogram = ${program} gpg`,
    `[commit]\n\tgpgSign = true`,
    `[alias]\n\tfetch = !${program} alias\n\tupload-pack = !${program} alias`,
    `[pager]\n\tstatus = ${program} pager`,
    `[include]\n\tpath = ${extra}`,
    `[includeIf "gitdir:/**"]\n\tpath = ${extra}`,
    `[url "ext::${program} "]\n\tinsteadOf = /`,
    `[protocol "ext"]\n\tallow = always`,
    `[remote "origin"]\n\turl = ext::${program}\n\tuploadpack = ${program} uploadpack\n\tpromisor = true`,
    `[submodule "../../attack"]\n\tpath = attack\n\turl = -u${program}\n\tupdate = !${program} submodule`,
    `[trace2]\n\teventTarget = ${sentinel}\n\tnormalTarget = ${sentinel}`,
    `[gc]\n\tauto = 1\n\tautoDetach = false`,
    '',
  ].join('\n')
  writeFileSync(join(directory, 'config'), readFileSync(join(directory, 'config'), 'utf8') + configuration)
}

const request = (commit: string, tree: string): PublishRequest => ({
  baseCommit: commit,
  tree,
  subject: 'Fix it',
  body: '',
  author: { name: 'Atelier', email: 'atelier@localhost' },
  createdAt: '2024-05-01T00:00:00.000Z',
  runId: 'run_1',
  evidenceDigest: 'sha256:0',
  slug: 'fix-it',
})

describe('a repository that configures programs', () => {
  it('is armed: git run in it executes them', () => {
    arm(join(source.path, '.git'))
    spawnSync('git', ['status'], { cwd: source.path, env: { PATH: process.env['PATH'] } })
    expect(existsSync(sentinel)).toBe(true)
  })

  it('runs none of them from import to publication', async () => {
    arm(join(source.path, '.git'))
    source.write({ 'a.js': 'changed but not committed\n', 'new.js': '' })
    const { base, repository, notes } = await scratch.import(source.path)
    expect(notes.join()).toContain('1 changed, 1 untracked')
    await repository.materialise(base.tree)
    await repository.materialiseClone(base)
    await repository.materialiseClone(base, 1)
    const tree = await repository.applyEdits(base.tree, [
      { file: 'a.js', start: 0, end: 3, replacement: 'two' },
    ])
    expect(await repository.diff(base.tree, tree)).toContain('+two')
    await repository.publish(request(base.commit, tree))
    await scratch.import(source.path)
    expect(await repository.findPublished(request(base.commit, tree))).toBeDefined()
    expect(existsSync(sentinel) && readFileSync(sentinel, 'utf8')).toBe(false)
  })

  it('runs none of them as a bare repository or a linked working tree either', async () => {
    source.git('clone', '--quiet', '--bare', '.', '../bare.git')
    source.git('worktree', 'add', '--quiet', '-b', 'side', '../side')
    arm(join(scratch.folder, 'bare.git'))
    arm(join(source.path, '.git'))
    for (const name of ['bare.git', 'side']) {
      const { base, repository } = await scratch.import(name)
      const tree = await repository.applyEdits(base.tree, [
        { file: 'a.js', start: 0, end: 3, replacement: 'two' },
      ])
      await repository.publish({ ...request(base.commit, tree), slug: name })
    }
    expect(existsSync(sentinel) && readFileSync(sentinel, 'utf8')).toBe(false)
  })

  it('cannot change, hide or leave out a file by its attributes', async () => {
    const stage = (path: string, content: string): void => {
      const blob = source.gitWithInput(content, 'hash-object', '-w', '--stdin', '--no-filters')
      source.git('update-index', '--add', '--cacheinfo', `100644,${blob},${path}`)
    }
    stage(
      '.gitattributes',
      '* -diff filter=attack ident working-tree-encoding=UTF-16\n*.js text eol=crlf export-ignore\n',
    )
    stage('a.js', '$Id$ $Format:%H$\n')
    source.git('commit', '--quiet', '-m', 'Attributes')
    const { base, repository } = await scratch.import(source.path)
    const layer = await repository.materialise(base.tree)
    expect(readFileSync(join(layer, 'a.js'), 'utf8')).toBe('$Id$ $Format:%H$\n')
    const tree = await repository.applyEdits(base.tree, [
      { file: 'a.js', start: 0, end: 0, replacement: 'x' },
    ])
    expect(await repository.diff(base.tree, tree)).toContain('+x$Id$')
  })

  it('cannot replace objects behind our back', async () => {
    const commit = source.git('rev-parse', 'HEAD')
    const other = source.commit('Other', { 'a.js': 'other\n' })
    source.git('reset', '--quiet', '--hard', commit)
    source.git('replace', commit, other)
    const { base, repository } = await scratch.import(source.path)
    expect(await repository.readText(base.tree, 'a.js')).toBe('one\n')
  })
})

describe('a repository that points elsewhere', () => {
  const refused = () => expect(scratch.import(source.path)).rejects.toMatchObject(coded('UNSAFE_SOURCE'))
  const inside = (name: string) => join(source.path, '.git', name)

  it('by alternates', async () => {
    const secret = scratch.repository('secret', { 'key.txt': 'secret\n' })
    writeFileSync(inside('objects/info/alternates'), `${secret.path}/.git/objects\n`)
    writeFileSync(inside('refs/heads/stolen'), `${secret.git('rev-parse', 'HEAD')}\n`)
    await refused()
  })

  it.each(['objects', 'refs', 'HEAD', 'packed-refs', 'config', 'refs/heads', 'objects/pack'])(
    'by a link at %s',
    async (name) => {
      source.git('gc', '--quiet')
      source.git('pack-refs', '--all')
      mkdirSync(inside('refs/heads'), { recursive: true })
      renameSync(inside(name), join(scratch.folder, 'elsewhere'))
      symlinkSync(join(scratch.folder, 'elsewhere'), inside(name))
      await refused()
    },
  )

  it('by a symbolic .git', async () => {
    renameSync(join(source.path, '.git'), join(scratch.folder, 'elsewhere'))
    symlinkSync(join(scratch.folder, 'elsewhere'), join(source.path, '.git'))
    await refused()
  })

  it('by a .git file that nobody answers', async () => {
    const secret = scratch.repository('secret', { 'key.txt': 'secret\n' })
    for (const target of [join(secret.path, '.git'), '../secret/.git', '/etc', '/nonexistent']) {
      rmSync(join(source.path, '.git'), { recursive: true })
      writeFileSync(join(source.path, '.git'), `gitdir: ${target}\n`)
      await refused()
    }
  })

  it('by a pipe in the place of a file, without waiting for it', async () => {
    rmSync(inside('packed-refs'), { force: true })
    execFileSync('mkfifo', [inside('packed-refs')])
    await refused()
  })

  it('by refs with names that lead out, which are left out', async () => {
    const commit = source.git('rev-parse', 'HEAD')
    writeFileSync(
      inside('packed-refs'),
      `${commit} refs/heads/../../../owned\n${commit} refs/heads/good\n${commit} refs/heads/a b\n`,
    )
    const { repository } = await scratch.import(source.path)
    expect((await repository.resolve('good')).commit).toBe(commit)
    expect(readdirSync(repository.gitDirectory).sort()).toEqual(
      ['HEAD', 'config', 'info', 'objects', 'packed-refs', 'refs']
        .filter((name) => existsSync(join(repository.gitDirectory, name)))
        .sort(),
    )
  })
})

describe('a history that no git would write', () => {
  const blobOf = () => source.writeObject('blob', 'owned\n')
  const treeOf = (mode: string, name: string, id: string) =>
    source.writeObject('tree', Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]))

  it.each([
    ['.git', (id: string) => [['40000', '.git', treeOf('100644', 'config', id)]]],
    ['.GIT', (id: string) => [['40000', '.GIT', treeOf('100644', 'config', id)]]],
    ['.git as a link', (id: string) => [['120000', '.git', id]]],
    ['git~1', (id: string) => [['40000', 'git~1', treeOf('100644', 'config', id)]]],
    ['an ignorable character', (id: string) => [['40000', '.g\u200cit', treeOf('100644', 'config', id)]]],
    ['a parent', (id: string) => [['40000', '..', treeOf('100644', 'owned', id)]]],
    ['a slash', (id: string) => [['100644', '../owned', id]]],
    ['an absolute path', (id: string) => [['100644', '/tmp/atelier-owned', id]]],
    [
      'a file and a folder of one name',
      (id: string) => [
        ['120000', 'd', id],
        ['40000', 'd', treeOf('100644', 'owned', id)],
      ],
    ],
  ] as readonly (readonly [string, (id: string) => [string, string, string][]])[])(
    'with %s is refused',
    async (_, entries) => {
      source.commitTree('attack', entries(blobOf()))
      await expect(scratch.import(source.path, 'attack')).rejects.toMatchObject(coded('CORRUPTED'))
    },
  )

  it('with a submodule that names its own folder is refused', async () => {
    const modules = source.writeObject('blob', '[submodule "../../attack"]\n\tpath = x\n\turl = -uattack\n')
    source.commitTree('attack', [['100644', '.gitmodules', modules]])
    await expect(scratch.import(source.path, 'attack')).rejects.toMatchObject(coded('CORRUPTED'))
  })

  it('keeps links in the tree as links, and never writes through them', async () => {
    const outside = join(scratch.folder, 'outside')
    mkdirSync(outside)
    source.commit('Links', {
      out: { link: outside },
      absolute: { link: '/etc/passwd' },
      loop: { link: 'loop' },
    })
    const { base, repository } = await scratch.import(source.path)
    await repository.materialise(base.tree)
    expect(await repository.readFile(base.tree, 'absolute')).toBeNull()
    for (const path of ['out/owned', 'out']) {
      const change = repository.applyFileChanges(base.tree, [{ kind: 'write', path, content: 'owned' }])
      await expect(change).rejects.toMatchObject(coded('PATH_REFUSED'))
    }
    expect(readdirSync(outside)).toEqual([])
  })

  it('that unfolds to billions of files is refused, not expanded', async () => {
    let id = source.writeObject('blob', 'boom\n')
    let mode = '100644'
    for (let level = 0; level < 10; level += 1) {
      const entries = Array.from({ length: 10 }, (_, i) =>
        Buffer.concat([Buffer.from(`${mode} d${i}\0`), Buffer.from(id, 'hex')]),
      )
      id = source.writeObject('tree', Buffer.concat(entries))
      mode = '40000'
    }
    source.git('update-ref', 'refs/heads/bomb', source.git('commit-tree', id, '-m', 'Bomb'))
    using host = new Scratch({ limits: { ...limits, treeEntries: 10_000 } })
    const { base, repository } = await host.import(source.path, 'bomb')
    await expect(repository.listFiles(base.tree)).rejects.toMatchObject(coded('TOO_LARGE'))
    await expect(repository.materialise(base.tree)).rejects.toMatchObject(coded('TOO_LARGE'))
    await expect(repository.materialiseClone(base)).rejects.toMatchObject(coded('TOO_LARGE'))
  })
})
