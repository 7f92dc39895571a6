import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ScratchWorkbench } from '../../../testing/index.ts'
import { ScratchDeveloper } from '../scratch-developer.ts'

let workbench: ScratchWorkbench
let developer: ScratchDeveloper

beforeAll(async () => {
  workbench = await ScratchWorkbench.open()
  developer = await ScratchDeveloper.open(workbench, {
    'package.json': JSON.stringify({ name: 'till', type: 'module', scripts: { test: 'node --test' } }),
    'src/price.js': 'export function price(amount) {\n  return amount * 2\n}\n',
    'src/old.js': 'export const old = 1\n',
    'src/broken.js': 'export function (\n',
    'src/tool.py': 'def tax(amount):\n    return amount * 0.2\n',
    'config.yaml': 'a: 1\n',
    'logo.png': Uint8Array.of(0x89, 0x50, 0, 1),
    'test/price.test.js': "import { test } from 'node:test'\ntest('price', () => {})\n",
    '.github/workflows/ci.yml': 'on: push\n',
  })
})
beforeEach(() => {
  developer.tree = developer.workspace.base.tree
})
afterAll(async () => {
  await developer[Symbol.asyncDispose]()
  await workbench[Symbol.asyncDispose]()
})

const edit = (path: string, find: string, replace: string) =>
  developer.call('files.edit', { path, edits: [{ find, replace }] })

describe('files.edit', () => {
  test('makes a new tree, shows what changed, and leaves the old tree alone', async () => {
    const { tree, text, changed } = await edit('src/price.js', 'amount * 2', 'amount * 3')
    expect(text).toContain('-  return amount * 2\n+  return amount * 3')
    expect(changed).toEqual(['src/price.js'])
    expect(await developer.text('src/price.js')).toContain('amount * 3')
    expect(await developer.repository.readText(developer.workspace.base.tree, 'src/price.js')).toContain(
      '* 2',
    )
    expect(tree).not.toBe(developer.workspace.base.tree)
  })

  test.each([
    [
      'JavaScript',
      'src/price.js',
      'amount * 2',
      'amount * (2',
      /src\/price\.js:3:1: Unexpected token[^]*3\t\}/,
    ],
    ['a name declared twice', 'src/old.js', 'export', 'const old = 2\nexport', /already been declared/],
    ['Python', 'src/tool.py', 'amount * 0.2', 'amount * (', /src\/tool\.py:[23]/],
    ['JSON', 'package.json', '"till"', '"till"x', /package\.json:1/],
    ['YAML', 'config.yaml', 'a: 1', 'a: [1', /config\.yaml/],
  ])('refuses %s that would no longer parse, with the place', async (_what, path, find, replace, message) => {
    const before = developer.tree
    await expect(edit(path, find, replace)).rejects.toMatchObject({
      code: 'ATL_DEVELOP_NO_LONGER_PARSES',
      message: expect.stringMatching(message) as string,
    })
    expect(developer.tree).toBe(before)
  })

  test('lets a file be edited that does not parse anyway, and does as told', async () => {
    await edit('src/broken.js', 'function (', 'function f(')
    await developer.call('files.edit', {
      path: 'src/price.js',
      edits: [{ find: 'amount * 2', replace: '(amount' }],
      allowBroken: true,
    })
    expect(await developer.text('src/price.js')).toContain('(amount\n')
  })

  test('changes tests, and says that they are judged apart', async () => {
    const { text } = await edit('test/price.test.js', '() => {}', '() => { throw 1 }')
    expect(text).toContain('The verdict is reached with the tests as they were before')
  })

  test.each([
    ['pipelines', '.github/workflows/ci.yml', 'ATL_DEVELOP_PATH_PROTECTED'],
    ['binary files', 'logo.png', 'ATL_DEVELOP_NOT_TEXT'],
    ["git's own files", 'src/.git/hooks/pre-commit', 'ATL_DEVELOP_PATH_REFUSED'],
    ['files outside', '../x', 'ATL_DEVELOP_PATH_REFUSED'],
    ['files that are not there', 'src/none.js', 'ATL_DEVELOP_FILE_ABSENT'],
  ])('does not touch %s', async (_what, path, code) => {
    await expect(edit(path, 'on', 'off')).rejects.toMatchObject({ code })
  })

  test('says so when nothing would change', async () => {
    await expect(edit('src/old.js', 'old', 'old')).rejects.toMatchObject({
      code: 'ATL_DEVELOP_NOTHING_CHANGES',
    })
  })
})

describe('files.patch', () => {
  test('changes, adds, deletes and renames in one go', async () => {
    const { changed } = await developer.call('files.patch', {
      patch: `--- a/src/price.js
+++ b/src/price.js
@@ -1,3 +1,3 @@
 export function price(amount) {
-  return amount * 2
+  return amount * 4
 }
--- /dev/null
+++ b/src/new.js
@@ -0,0 +1 @@
+export const fresh = 1
--- a/src/broken.js
+++ /dev/null
@@ -1 +0,0 @@
-export function (
diff --git a/src/old.js b/src/older.js
rename from src/old.js
rename to src/older.js
`,
    })
    expect(changed).toEqual(['src/broken.js', 'src/new.js', 'src/old.js', 'src/older.js', 'src/price.js'])
    expect(await developer.text('src/price.js')).toContain('* 4')
    expect(await developer.text('src/older.js')).toBe('export const old = 1\n')
    expect(await developer.text('src/broken.js')).toBeNull()
  })

  test.each([
    [
      'half of which does not fit',
      '--- a/src/old.js\n+++ b/src/old.js\n@@ -1 +1 @@\n-export const old = 1\n+export const old = 2\n--- a/src/price.js\n+++ b/src/price.js\n@@ -1 +1 @@\n-nothing\n+something\n',
      'ATL_DEVELOP_TEXT_NOT_FOUND',
    ],
    [
      'that leads outside',
      '--- /dev/null\n+++ b/../../evil\n@@ -0,0 +1 @@\n+x\n',
      'ATL_DEVELOP_PATH_REFUSED',
    ],
    [
      'that writes hooks',
      '--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+x\n',
      'ATL_DEVELOP_PATH_REFUSED',
    ],
    [
      'that changes a pipeline',
      '--- a/.github/workflows/ci.yml\n+++ b/.github/workflows/ci.yml\n@@ -1 +1 @@\n-on: push\n+on: issues\n',
      'ATL_DEVELOP_PATH_PROTECTED',
    ],
    [
      'that adds what is there',
      '--- /dev/null\n+++ b/src/old.js\n@@ -0,0 +1 @@\n+x\n',
      'ATL_DEVELOP_FILE_EXISTS',
    ],
    [
      'that breaks a file',
      '--- a/src/old.js\n+++ b/src/old.js\n@@ -1 +1 @@\n-export const old = 1\n+export const = 1\n',
      'ATL_DEVELOP_NO_LONGER_PARSES',
    ],
  ])('refuses a patch %s, all of it', async (_what, patch, code) => {
    await expect(developer.call('files.patch', { patch })).rejects.toMatchObject({ code })
    expect(developer.tree).toBe(developer.workspace.base.tree)
  })
})

describe('whole files', () => {
  test('are created, with their folders, and not over others unless asked', async () => {
    await developer.call('files.create', { path: 'src/deep/run.sh', content: 'echo hi\n', executable: true })
    const files = await developer.repository.listFiles(developer.tree)
    expect(files.find(({ path }) => path === 'src/deep/run.sh')).toMatchObject({ kind: 'executable' })
    const again = { path: 'src/old.js', content: 'export {}\n' }
    await expect(developer.call('files.create', again)).rejects.toMatchObject({
      code: 'ATL_DEVELOP_FILE_EXISTS',
    })
    await developer.call('files.create', { ...again, overwrite: true })
    expect(await developer.text('src/old.js')).toBe('export {}\n')
    await expect(
      developer.call('files.create', { path: 'src/bad.ts', content: 'const x: = 1' }),
    ).rejects.toMatchObject({ code: 'ATL_DEVELOP_NO_LONGER_PARSES' })
    await expect(
      developer.call('files.create', { path: 'src/old.js/below.js', content: '' }),
    ).rejects.toMatchObject({ code: 'ATL_REPOSITORY_PATH_REFUSED' })
  })

  test('are deleted, folders too, but not what is protected', async () => {
    const { changed } = await developer.call('files.delete', { paths: ['src/', 'logo.png'] })
    expect(changed).toEqual(['logo.png', 'src/broken.js', 'src/old.js', 'src/price.js', 'src/tool.py'])
    await expect(developer.call('files.delete', { paths: ['.github'] })).rejects.toMatchObject({
      code: 'ATL_DEVELOP_PATH_PROTECTED',
    })
    await expect(developer.call('files.delete', { paths: ['.'] })).rejects.toMatchObject({
      code: 'ATL_DEVELOP_PATH_REFUSED',
    })
  })

  test('are moved, binary ones and folders too', async () => {
    await developer.call('files.move', { from: 'logo.png', to: 'assets/logo.png' })
    await developer.call('files.move', { from: 'src', to: 'lib' })
    const paths = (await developer.repository.listFiles(developer.tree)).map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(['assets/logo.png', 'lib/price.js']))
    expect(paths.filter((path) => path.startsWith('src/'))).toEqual([])
    await expect(
      developer.call('files.move', { from: 'lib/old.js', to: 'config.yaml' }),
    ).rejects.toMatchObject({
      code: 'ATL_DEVELOP_FILE_EXISTS',
    })
  })
})
