import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { coded, Scratch, WorkingRepository } from './scratch-repository.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.dispose]())

describe('the layer of a tree', () => {
  it('has exactly the files of the tree, readable by every user', async () => {
    const mask = process.umask(0o077)
    try {
      const source = scratch.repository('app', {
        'src/a.js': 'one\n',
        'bin/run': { executable: '#!/bin/sh\n' },
        link: { link: 'src/a.js' },
        'caf\u00e9/ü.txt': 'é\n',
        'empty.bin': new Uint8Array(),
      })
      const { base, repository } = await scratch.import(source.path)
      const layer = await repository.materialise(base.tree)
      expect(readdirSync(layer, { recursive: true }).sort()).toEqual(
        ['bin', 'bin/run', 'café', 'café/ü.txt', 'empty.bin', 'link', 'src', 'src/a.js'].sort(),
      )
      expect(readlinkSync(join(layer, 'link'))).toBe('src/a.js')
      const mode = (name: string) => (lstatSync(join(layer, name)).mode & 0o777).toString(8)
      expect([mode('.'), mode('src'), mode('src/a.js'), mode('bin/run')]).toEqual([
        '755',
        '755',
        '644',
        '755',
      ])
      if (process.getuid?.() === 0) {
        const text = execFileSync('cat', [join(layer, 'src/a.js')], {
          uid: 65534,
          gid: 65534,
          encoding: 'utf8',
        })
        expect(text).toBe('one\n')
      }
    } finally {
      process.umask(mask)
    }
  })

  it('is made once, also when many ask at the same time', async () => {
    const source = scratch.repository(
      'app',
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}.js`, `${i}`])),
    )
    const { base, repository } = await scratch.import(source.path)
    const layers = await Promise.all(Array.from({ length: 5 }, () => repository.materialise(base.tree)))
    expect(new Set(layers).size).toBe(1)
    expect(readdirSync(layers[0]!)).toHaveLength(200)
    expect(readdirSync(join(repository.gitDirectory, '..', 'scratch'))).toEqual([])
  })

  it.runIf(process.getuid?.() === 0)('belongs to the user that was asked for', async () => {
    using other = new Scratch({ layerOwner: { uid: 65534, gid: 65534 } })
    const source = other.repository('app', { 'a.js': 'one\n', link: { link: '/etc/passwd' } })
    const { base, repository } = await other.import(source.path)
    const layer = await repository.materialise(base.tree)
    expect(['.', 'a.js', 'link'].map((name) => lstatSync(join(layer, name)).uid)).toEqual([
      65534, 65534, 65534,
    ])
    expect(lstatSync('/etc/passwd').uid).toBe(0)
    expect(lstatSync(join(await repository.materialiseClone(base), '.git', 'HEAD')).uid).toBe(65534)
  })

  it('of a tree that is too large is refused', async () => {
    using other = new Scratch({ limits: { treeBytes: 10, fileBytes: 10 } })
    const source = other.repository('app', { 'a.js': '12345678901' })
    const { base, repository } = await other.import(source.path)
    await expect(repository.materialise(base.tree)).rejects.toMatchObject(coded('TOO_LARGE'))
    await expect(repository.readFile(base.tree, 'a.js')).rejects.toMatchObject(coded('TOO_LARGE'))
    await expect(repository.materialise('0'.repeat(40))).rejects.toMatchObject({ name: 'AtelierError' })
  })
})

describe('the clone of an agent', () => {
  /** A layer of files and one of `.git`, stacked as a sandbox stacks them. */
  async function workspaceOf(
    source: WorkingRepository,
    revision?: string,
    depth?: number,
  ): Promise<WorkingRepository> {
    const { base, repository } = await scratch.import(source.path, revision)
    const path = join(scratch.folder, `workspace-${base.commit.slice(0, 8)}-${depth ?? 'all'}`)
    for (const layer of [
      await repository.materialise(base.tree),
      await repository.materialiseClone(base, depth),
    ]) {
      cpSync(layer, path, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    }
    return new WorkingRepository(path)
  }

  it('is an ordinary repository with a clean status, its history and its earlier tags', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n', 'dir/b.js': 'b\n' })
    source.git('tag', 'light')
    source.git('tag', '-a', 'v1', '-m', 'One')
    const base = source.commit('Second', { 'a.js': 'two\n' })
    source.git('tag', '-a', 'written-later', '-m', 'Later', 'HEAD~1')
    source.git('tag', '-a', 'v2', '-m', 'Two')
    source.commit('Future', { 'a.js': 'three\n' })
    source.git('tag', 'v3')
    const clone = await workspaceOf(source, base)
    expect(clone.git('status', '--porcelain', '--branch')).toBe('## base')
    expect(clone.git('log', '--format=%s').split('\n')).toEqual(['Second', 'First'])
    expect(clone.git('tag').split('\n')).toEqual(['light', 'v1'])
    expect(clone.git('describe', '--tags')).toMatch(/^v1-1-g/)
    expect(clone.git('fsck', '--full', '--strict')).toBe('')
    expect(clone.git('remote')).toBe('')
    clone.commit('Works', { 'a.js': 'mine\n' })
    expect(clone.git('reflog').split('\n')).toHaveLength(1)
  })

  it('can be shallow', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n' })
    source.commit('Second', { 'a.js': 'two\n' })
    source.commit('Third', { 'a.js': 'three\n' })
    const clone = await workspaceOf(source, 'main', 2)
    expect(clone.git('log', '--format=%s').split('\n')).toEqual(['Third', 'Second'])
    expect(clone.git('status', '--porcelain')).toBe('')
    expect(clone.git('fsck', '--full')).toBe('')
  })

  it('holds no future, whatever the history (I12)', async () => {
    const step = fc.record({
      act: fc.constantFrom('commit', 'branch', 'merge', 'tag', 'annotated', 'reset', 'stash', 'pack'),
      pick: fc.nat(20),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), fc.nat(20), async (steps, pick) => {
        using own = new Scratch()
        const source = own.repository('app', { 'a.js': 'one\n' })
        const commits = [source.git('rev-parse', 'HEAD')]
        for (const [index, { act, pick: at }] of steps.entries()) {
          const target = commits[at % commits.length]!
          if (act === 'commit')
            commits.push(source.commit(`Commit ${index}`, { [`f${index}.js`]: `${index}\n` }))
          if (act === 'branch') source.git('checkout', '--quiet', '-B', `branch-${index}`, target)
          if (act === 'merge') {
            source.git('merge', '--quiet', '--no-edit', '-s', 'ours', target)
            commits.push(source.git('rev-parse', 'HEAD'))
          }
          if (act === 'tag') source.git('tag', `tag-${index}`, target)
          if (act === 'annotated') source.git('tag', '-a', `tag-${index}`, '-m', `secret ${index}`, target)
          if (act === 'reset') source.git('reset', '--quiet', '--hard', target)
          if (act === 'stash') {
            source.write({ 'a.js': `stashed ${index}\n` })
            source.git('stash')
          }
          if (act === 'pack') source.git('repack', '-q', '-a', '-d', '-f')
        }
        const commit = commits[pick % commits.length]!
        const { base, repository } = await own.import(source.path, commit)
        const clone = new WorkingRepository(await repository.materialiseClone(base))
        const kept = new Set(
          lines(clone.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname)')),
        )
        const reachable = new Set(lines(source.git('rev-list', '--objects', '--no-object-names', commit)))
        const tags = lines(clone.git('for-each-ref', '--format=%(objectname) %(objecttype)', 'refs/tags'))
        const tagObjects = tags.flatMap((tag) => (tag.endsWith(' tag') ? [tag.split(' ')[0]!] : []))
        expect([...kept].filter((id) => !reachable.has(id) && !tagObjects.includes(id))).toEqual([])
        expect([...reachable].filter((id) => !kept.has(id))).toEqual([])
        const written = Number(source.git('log', '-1', '--format=%ct', commit))
        for (const tag of tagObjects) {
          expect(
            Number(/^tagger .*> (\d+)/m.exec(source.git('cat-file', 'tag', tag))?.[1]),
          ).toBeLessThanOrEqual(written)
        }
        expect(
          lines(clone.git('for-each-ref', '--format=%(refname)')).filter(
            (ref) => !ref.startsWith('refs/tags/'),
          ),
        ).toEqual(['refs/heads/base'])
        for (const name of [
          'logs',
          'FETCH_HEAD',
          'ORIG_HEAD',
          'objects/info/alternates',
          'hooks',
          'worktrees',
          'modules',
        ]) {
          expect(existsSync(join(clone.path, '.git', name)), name).toBe(false)
        }
        const configuration = readFileSync(join(clone.path, '.git', 'config'), 'utf8')
        expect(configuration).not.toMatch(/remote|url|branch/)
      }),
      { numRuns: 6 },
    )
  })
})

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
