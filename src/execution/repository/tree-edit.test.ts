import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChangePolicy, FileChange, Repository } from './index.ts'
import { coded, Scratch } from './scratch-repository.ts'

let scratch: Scratch
let repository: Repository
let tree: string
beforeAll(async () => {
  scratch = new Scratch({ limits: { changedFiles: 20, fileBytes: 100_000, patchBytes: 200_000 } })
  const source = scratch.repository('app', {
    'src/a.js': 'export const a = "é😀"\r\nlast',
    'src/b.js': '\ufeffb\n',
    'bin/run': { executable: '#!/bin/sh\n' },
    link: { link: 'src' },
    'latin1.txt': Buffer.from('caf\u00e9\n', 'latin1'),
    'binary.bin': Buffer.from([0, 1, 2]),
  })
  const imported = await scratch.import(source.path)
  repository = imported.repository
  tree = imported.base.tree
})
afterAll(() => scratch[Symbol.dispose]())

const write = (path: string, content: string | Uint8Array = 'x\n'): FileChange => ({
  kind: 'write',
  path,
  content,
})
const change = (changes: readonly FileChange[], policy?: ChangePolicy) =>
  repository.applyFileChanges(tree, changes, policy)

describe('text edits', () => {
  it('replace spans of UTF-16 code units and keep all other bytes', async () => {
    const text = (await repository.readText(tree, 'src/a.js'))!
    const at = text.indexOf('😀')
    const edited = await repository.applyEdits(tree, [
      { file: 'src/a.js', start: text.length, end: text.length, replacement: '\n' },
      { file: 'src/a.js', start: at, end: at + 2, replacement: '🎉' },
      { file: 'src/b.js', start: 1, end: 2, replacement: 'c' },
    ])
    expect(await repository.readText(edited, 'src/a.js')).toBe('export const a = "é🎉"\r\nlast\n')
    expect((await repository.readFile(edited, 'src/b.js'))!.toString('hex')).toBe('efbbbf630a')
    expect((await repository.differences(tree, edited)).map(({ path }) => path)).toEqual([
      'src/a.js',
      'src/b.js',
    ])
  })

  it('that make no sense are refused', async () => {
    const edit = (start: number, end: number, replacement = '') => ({
      file: 'src/a.js',
      start,
      end,
      replacement,
    })
    const refused = (...edits: ReturnType<typeof edit>[]) =>
      expect(repository.applyEdits(tree, edits)).rejects.toMatchObject(coded('PATCH_INVALID'))
    await refused(edit(5, 4))
    await refused(edit(-1, 2))
    await refused(edit(0, 10_000))
    await refused(edit(0.5, 1))
    await refused(edit(0, 5), edit(4, 6))
    const at = (await repository.readText(tree, 'src/a.js'))!.indexOf('😀')
    await refused(edit(at + 1, at + 2))
    const absent = repository.applyEdits(tree, [{ file: 'absent.js', start: 0, end: 0, replacement: '' }])
    await expect(absent).rejects.toMatchObject(coded('PATCH_INVALID'))
    const binary = repository.applyEdits(tree, [{ file: 'latin1.txt', start: 0, end: 0, replacement: '' }])
    await expect(binary).rejects.toMatchObject(coded('BINARY_REFUSED'))
  })

  it('give the same tree again when they change nothing', async () => {
    expect(
      await repository.applyEdits(tree, [{ file: 'src/a.js', start: 0, end: 6, replacement: 'export' }]),
    ).toBe(tree)
    expect(await repository.applyEdits(tree, [])).toBe(tree)
    expect(await repository.applyPatch(tree, '')).toBe(tree)
  })
})

describe('file changes', () => {
  it('write, delete, and keep or set the executable bit', async () => {
    const next = await change([
      write('bin/run', '#!/bin/bash\n'),
      { kind: 'delete', path: 'src/b.js' },
      { kind: 'write', path: 'bin/new', content: 'x\n', mode: 'executable' },
    ])
    const files = new Map((await repository.listFiles(next)).map(({ path, kind }) => [path, kind]))
    expect(files.get('bin/run')).toBe('executable')
    expect(files.get('bin/new')).toBe('executable')
    expect(files.has('src/b.js')).toBe(false)
  })

  it.each([
    '.git/config',
    '.GIT/config',
    '.Git',
    'a/.git/hooks/x',
    'git~1/config',
    '.git./x',
    '.git /x',
    '.git::$INDEX_ALLOCATION/x',
    '.g\u200cit/x',
    '/etc/passwd',
    '../x',
    'a/../x',
    './x',
    'a//b',
    'a/',
    '',
    'C:/x',
    'a\\b',
    'a\0b',
    'a\nb',
    '\ud800',
    'a\u202eb',
    '.gitmodules',
    'sub/.gitmodules',
    'x'.repeat(256),
    `${'d/'.repeat(2100)}x`,
    'link/x',
    'src/a.js/x',
    'src',
    'link',
  ])('refuse the path %j', async (path) => {
    await expect(change([write(path)])).rejects.toMatchObject(coded('PATH_REFUSED'))
  })

  it('keep to the allowed paths', async () => {
    const policy = { allowedPaths: ['src/**'], refusedPaths: ['src/vendor/**'] }
    await change([write('src/deep/x.js')], policy)
    await expect(change([write('x.js')], policy)).rejects.toMatchObject(coded('PATH_REFUSED'))
    await expect(change([write('src/vendor/x.js')], policy)).rejects.toMatchObject(coded('PATH_REFUSED'))
  })

  it('keep to the limits and to text', async () => {
    await expect(change([write('big', 'x'.repeat(100_001))])).rejects.toMatchObject(coded('TOO_LARGE'))
    const many = Array.from({ length: 21 }, (_, i) => write(`f${i}`))
    await expect(change(many)).rejects.toMatchObject(coded('TOO_LARGE'))
    await expect(change([write('x.bin', new Uint8Array([0]))])).rejects.toMatchObject(coded('BINARY_REFUSED'))
    await expect(change([write('a'), write('a')])).rejects.toMatchObject(coded('PATCH_INVALID'))
    await expect(change([{ kind: 'delete', path: 'absent' }])).rejects.toMatchObject(coded('PATCH_INVALID'))
    expect(await change([write('x.bin', new Uint8Array([0]))], { binaryFiles: 'allowed' })).toHaveLength(40)
  })
})

describe('patches', () => {
  const patch = (path: string, header = 'new file mode 100644') =>
    `diff --git a/${path} b/${path}\n${header}\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+owned\n`

  it('apply as git prints them, with renames and modes', async () => {
    const next = await repository.applyPatch(
      tree,
      `diff --git a/src/b.js b/src/c.js\nold mode 100644\nnew mode 100755\nsimilarity index 100%\nrename from src/b.js\nrename to src/c.js\n${patch('new.js')}`,
    )
    const listed = (await repository.listFiles(next)).map(({ path, kind }) => `${path} ${kind}`)
    expect(listed).toContain('src/c.js executable')
    expect(listed).toContain('new.js file')
    expect(listed.join()).not.toContain('src/b.js')
  })

  it.each([
    '.git/hooks/post-checkout',
    '.GIT/config',
    '../owned',
    '/tmp/owned',
    'a/../../owned',
    'link/owned',
    '.gitmodules',
    'src/.git/config',
  ])('cannot write to %s', async (path) => {
    await expect(repository.applyPatch(tree, patch(path))).rejects.toMatchObject(coded('PATH_REFUSED'))
  })

  it('cannot add or change links and submodules, or hide binary content', async () => {
    const refused = (text: string, code: string) =>
      expect(repository.applyPatch(tree, text)).rejects.toMatchObject(coded(code))
    await refused(patch('new', 'new file mode 120000'), 'PATH_REFUSED')
    await refused(
      `diff --git a/link b/link\ndeleted file mode 120000\n--- a/link\n+++ /dev/null\n@@ -1 +0,0 @@\n-src\n\\ No newline at end of file\n`,
      'PATH_REFUSED',
    )
    await refused(
      `diff --git a/sub b/sub\nnew file mode 160000\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n+Subproject commit ${'1'.repeat(40)}\n`,
      'PATH_REFUSED',
    )
    await refused(
      'diff --git a/x b/x\nnew file mode 100644\nindex 0000000000000000000000000000000000000000..f76dd238ade08917e6712764a16a22005a50573d\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\nliteral 0\nHcmV?d00001\n\n',
      'BINARY_REFUSED',
    )
  })

  it('that do not fit, are too large, or are no patch say so', async () => {
    const refused = (text: string, code: string) =>
      expect(repository.applyPatch(tree, text)).rejects.toMatchObject(coded(code))
    await refused(
      'diff --git a/src/a.js b/src/a.js\n--- a/src/a.js\n+++ b/src/a.js\n@@ -1 +1 @@\n-other\n+x\n',
      'PATCH_INVALID',
    )
    await refused('nonsense', 'PATCH_INVALID')
    await refused('x'.repeat(200_001), 'TOO_LARGE')
    expect(await repository.listFiles(tree)).toHaveLength(6)
  })

  it('of two trees lead from one to the other: apply(diff(a, b), a) = b', async () => {
    const path = fc.constantFrom(
      'src/a.js',
      'src/b.js',
      'bin/run',
      'n.js',
      'd/e f.txt',
      'd/ü.txt',
      'latin1.txt',
      'binary.bin',
      '-x',
      'quote"d',
    )
    const content = fc.oneof(
      fc
        .array(
          fc.constantFrom(
            'a\n',
            'b\n',
            '\r\n',
            '',
            'é',
            ' \n',
            '--- a\n',
            '@@ -1 +1 @@\n',
            'diff --git a/x b/x\n',
          ),
        )
        .map((parts) => parts.join('')),
      fc.uint8Array({ maxLength: 40 }),
    )
    const changes = fc.uniqueArray(
      fc.record({
        kind: fc.constant('write' as const),
        path,
        content,
        mode: fc.constantFrom('file' as const, 'executable' as const),
      }),
      { selector: (entry) => entry.path, maxLength: 4 },
    )
    const policy = { binaryFiles: 'allowed' } as const
    await fc.assert(
      fc.asyncProperty(changes, changes, async (first, second) => {
        const [a, b] = await Promise.all([change(first, policy), change(second, policy)])
        expect(await repository.applyPatch(a, await repository.diff(a, b), policy)).toBe(b)
        expect(await repository.applyPatch(b, await repository.diff(b, a), policy)).toBe(a)
      }),
      { numRuns: 15 },
    )
  })
})
