import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScratchWorkbench } from '../../../testing/index.ts'
import type { CodeQuestion } from '../places.ts'
import { ScratchDeveloper } from '../scratch-developer.ts'

const manifest = JSON.stringify({ name: 'till', type: 'module', scripts: { test: 'node --test' } })

let workbench: ScratchWorkbench
let developer: ScratchDeveloper
const asked: CodeQuestion[] = []

beforeAll(async () => {
  workbench = await ScratchWorkbench.open()
  developer = await ScratchDeveloper.open(
    workbench,
    {
      'package.json': manifest,
      'src/price.js': 'export function price(amount) {\n  return amount * 2\n}\n',
      'src/order total.js': "import { price } from './price.js'\n\nexport const total = (n) => price(n)\n",
      'src/.hidden/notes.md': '# price\n',
      'test/price.test.js': "import { test } from 'node:test'\ntest('price', () => {})\n",
      'data.bin': Uint8Array.of(0, 1, 2, 255),
      'wide.txt': `${'x'.repeat(5_000)}needle${'y'.repeat(5_000)}\n`,
      'evil.txt': `${'a'.repeat(60)}!\n`.repeat(50),
      'many.txt': Array.from({ length: 3_000 }, (_, index) => `line ${index + 1}`).join('\n'),
      'empty.txt': '',
    },
    {
      codeSearch: {
        find: (question) => {
          asked.push(question)
          return Promise.resolve([
            {
              path: 'src/price.js',
              startLine: 1,
              endLine: 2,
              text: 'export function price',
              reason: 'price',
            },
          ])
        },
      },
    },
  )
})
afterAll(async () => {
  await developer[Symbol.asyncDispose]()
  await workbench[Symbol.asyncDispose]()
})

describe('files.read', () => {
  test('numbers lines and says how many there are', async () => {
    const { text, tree, changed } = await developer.call('files.read', { path: 'src/price.js' })
    expect(text).toBe(
      'src/price.js, lines 1 to 3 of 3\n1\texport function price(amount) {\n2\t  return amount * 2\n3\t}',
    )
    expect({ tree, changed }).toEqual({ tree: developer.workspace.base.tree, changed: [] })
  })

  test('reads a window, and says where to read on', async () => {
    const { text } = await developer.call('files.read', {
      path: './many.txt',
      startLine: 2_001,
      lineCount: 2,
    })
    expect(text).toBe(
      'many.txt, lines 2001 to 2002 of 3000; read on with startLine 2003\n2001\tline 2001\n2002\tline 2002',
    )
    const beyond = await developer.call('files.read', { path: 'many.txt', startLine: 9_000 })
    expect(beyond.text).toBe('many.txt has 3000 lines; there is no line 9000.')
    expect((await developer.call('files.read', { path: 'empty.txt' })).text).toBe('empty.txt is empty.')
  })

  test('shortens lines that nobody reads', async () => {
    const { text } = await developer.call('files.read', { path: '/workspace/wide.txt' })
    expect(text.length).toBeLessThan(3_000)
    expect(text).toContain('[8006 more characters]')
  })

  test.each([
    ['a binary file', 'data.bin', 'ATL_DEVELOP_NOT_TEXT', '4 bytes'],
    ['a misspelt name', 'src/prise.js', 'ATL_DEVELOP_FILE_ABSENT', 'did you mean src/price.js'],
    ['another extension', 'price.ts', 'ATL_DEVELOP_FILE_ABSENT', 'src/price.js'],
    ['a folder', 'src', 'ATL_DEVELOP_FILE_ABSENT', 'it holds .hidden/, order total.js, price.js'],
    ['a way out', '../../etc/passwd', 'ATL_DEVELOP_PATH_REFUSED', 'outside'],
    ['a hidden way out', 'src/../../etc/passwd', 'ATL_DEVELOP_PATH_REFUSED', 'outside'],
    ['an absolute path', '/etc/passwd', 'ATL_DEVELOP_PATH_REFUSED', 'outside'],
    ["git's own folder", '.GIT/config', 'ATL_DEVELOP_PATH_REFUSED', 'git'],
    ['control characters', 'a\0b', 'ATL_DEVELOP_PATH_REFUSED', 'control'],
  ])('refuses %s', async (_what, path, code, words) => {
    await expect(developer.call('files.read', { path })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    })
  })

  test('takes no argument that it does not know', async () => {
    await expect(developer.call('files.read', { path: 'src/price.js', offset: 3 })).rejects.toThrow(/offset/)
  })
})

describe('files.list', () => {
  test('names files by glob, from a folder on', async () => {
    const { text } = await developer.call('files.list', { glob: '**/*.js' })
    expect(text.split('\n').map((line) => line.replace(/ \(\d+ bytes\)$/, ''))).toEqual([
      'src/order total.js',
      'src/price.js',
      'test/price.test.js',
    ])
    expect((await developer.call('files.list', { glob: '*.js', path: 'src/' })).text).not.toContain('test/')
    expect((await developer.call('files.list', { glob: '*.rs' })).text).toBe('No file matches *.rs.')
  })

  test('counts by folder where there is too much to name', async () => {
    const { text } = await developer.call('files.list', { limit: 2 })
    expect(text).toContain('src/ (3 files)')
  })

  test('refuses globs that stand for very many, and folders that are not there', async () => {
    const glob = '{a,b}'.repeat(20)
    await expect(developer.call('files.list', { glob })).rejects.toMatchObject({
      code: 'ATL_DEVELOP_PATTERN_INVALID',
    })
    await expect(developer.call('files.list', { path: 'lib' })).rejects.toMatchObject({
      code: 'ATL_DEVELOP_FOLDER_ABSENT',
    })
  })
})

describe('files.search', () => {
  test('finds text literally, with lines around it', async () => {
    const { text } = await developer.call('files.search', { pattern: 'price(', contextLines: 1 })
    expect(text).toContain(
      'src/order total.js:2- \nsrc/order total.js:3: export const total = (n) => price(n)',
    )
    expect(text).toContain(
      'src/price.js:1: export function price(amount) {\nsrc/price.js:2-   return amount * 2',
    )
    expect(text).toMatch(/^2 matching lines in 2 files\n/)
  })

  test('finds regular expressions, without case, in some files', async () => {
    const { text } = await developer.call('files.search', {
      pattern: String.raw`\bPRICE\b(?!\()`,
      regex: true,
      ignoreCase: true,
      glob: 'src/**/*.js',
    })
    expect(text).toContain("src/order total.js:1: import { price } from './price.js'")
    expect(text).not.toContain('test/')
  })

  test('shows of a long line what matches', async () => {
    const { text } = await developer.call('files.search', { pattern: 'needle' })
    expect(text).toContain('needle')
    expect(text.length).toBeLessThan(600)
  })

  test('answers that nothing matches, and shows no more than asked', async () => {
    expect((await developer.call('files.search', { pattern: 'nowhere to be seen' })).text).toBe(
      'Nothing matches.',
    )
    const { text } = await developer.call('files.search', { pattern: 'line', path: 'many.txt', limit: 3 })
    expect(text).toMatch(/^3000 matching lines in 1 files; 3 are shown/)
    expect(text.split('\n')).toHaveLength(4)
  })

  test.each([
    ['a pattern that is none', { pattern: '(', regex: true }],
    ['two lines', { pattern: 'a\nb' }],
    // Backtracks for longer than anybody waits; git's limits end it.
    ['a pattern that never ends', { pattern: '^(a|a?)+$', regex: true, path: 'evil.txt' }],
  ])('refuses %s', async (_what, search) => {
    await expect(developer.call('files.search', search)).rejects.toMatchObject({
      code: 'ATL_DEVELOP_PATTERN_INVALID',
    })
  })

  test('a pattern is never taken for an option of git', async () => {
    const { text } = await developer.call('files.search', {
      pattern: '--open-files-in-pager=touch /tmp/pwned',
    })
    expect(text).toBe('Nothing matches.')
  })
})

test('code.search asks the index, and says which files have changed since', async () => {
  const { text } = await developer.call('code.search', { query: 'what does it cost' })
  expect(text).toBe('src/price.js:1-2 — price\nexport function price')
  expect(asked.at(-1)).toMatchObject({ kind: 'meaning', query: 'what does it cost', limit: 8 })
  const before = developer.tree
  await developer.call('files.edit', {
    path: 'src/price.js',
    edits: [{ find: 'amount * 2', replace: 'amount * 3' }],
  })
  expect((await developer.call('code.search', { query: 'price', kind: 'symbol' })).text).toContain(
    'you have changed this file since',
  )
  developer.tree = before
})
