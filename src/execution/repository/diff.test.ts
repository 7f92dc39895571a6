import { afterAll, beforeAll, expect, it } from 'vitest'
import { changeSchema } from '../../contracts/index.ts'
import { fileKind, findSymbols, symbolsAt, type BaseRevision, type Repository } from './index.ts'
import { Scratch } from './scratch-repository.ts'

const parser = `import { x } from './x.js'

export class Parser {
  #depth = 0
  next() {
    return this.read((token) => {
      return token
    })
  }
  static of = (text) => {
    return new Parser(text)
  }
}

export function parse(text) {
  const inner = () => {
    return text
  }
  return inner()
}

module.exports.legacy = function () {
  return 1
}
`
const tool = `class Tool:
    def run(self):
        def inner():
            return 1
        return inner()


async def main():
    return (
        1
    )
`

let scratch: Scratch
let repository: Repository
let base: BaseRevision
beforeAll(async () => {
  scratch = new Scratch()
  const source = scratch.repository('app', {
    'src/parser.ts': parser,
    'tool.py': tool,
    'README.md': 'x\n',
    'old.js': 'function gone() {}\n',
  })
  ;({ repository, base } = await scratch.import(source.path))
})
afterAll(() => scratch[Symbol.dispose]())

it('says which functions, methods and classes a change touches', async () => {
  const edit = (file: string, text: string, from: string, replacement: string) => {
    const start = text.indexOf(from)
    return { file, start, end: start + from.length, replacement }
  }
  const edited = await repository.applyEdits(base.tree, [
    edit('src/parser.ts', parser, 'return token\n', 'return !token\n'),
    edit('src/parser.ts', parser, 'new Parser(text)', 'new Parser()'),
    edit('src/parser.ts', parser, 'return text\n', 'return text + 1\n'),
    edit('src/parser.ts', parser, 'return 1', 'return 2'),
    edit('tool.py', tool, 'return 1', 'return 2'),
    edit('tool.py', tool, '        1\n', '        2\n'),
    edit('README.md', 'x\n', 'x', 'y'),
  ])
  const tree = await repository.applyFileChanges(edited, [
    { kind: 'delete', path: 'old.js' },
    { kind: 'write', path: 'test/new.test.ts', content: 'function helper() {}\n' },
  ])
  const change = await repository.describeChange(base, tree)
  expect(changeSchema.safeParse(change).success).toBe(true)
  expect(change.summary.files).toEqual([
    { path: 'README.md', status: 'modified', added: 1, deleted: 1, kind: 'documentation', symbols: [] },
    { path: 'old.js', status: 'deleted', added: 0, deleted: 1, kind: 'source', symbols: ['gone'] },
    {
      path: 'src/parser.ts',
      status: 'modified',
      added: 4,
      deleted: 4,
      kind: 'source',
      symbols: ['Parser.next', 'Parser.of', 'inner', 'legacy'],
    },
    { path: 'test/new.test.ts', status: 'added', added: 1, deleted: 0, kind: 'test', symbols: ['helper'] },
    {
      path: 'tool.py',
      status: 'modified',
      added: 2,
      deleted: 2,
      kind: 'source',
      symbols: ['Tool.run.inner', 'main'],
    },
  ])
  expect(change.summary).toMatchObject({ added: 8, deleted: 8 })
  expect(change.patch).toContain('-      return token\n+      return !token\n')
})

it('sees renames', async () => {
  const tree = await repository.applyFileChanges(base.tree, [
    { kind: 'delete', path: 'src/parser.ts' },
    { kind: 'write', path: 'lib/parser.ts', content: parser.replace('return 1', 'return 2') },
  ])
  expect(await repository.differences(base.tree, tree)).toMatchObject([
    { path: 'lib/parser.ts', oldPath: 'src/parser.ts', status: 'renamed', added: 1, deleted: 1 },
  ])
})

it('names the innermost symbol around a line', () => {
  const symbols = findSymbols('a.ts', parser)
  expect(symbolsAt(symbols, [1, 4, 7])).toEqual(['Parser', 'Parser.next'])
  expect(findSymbols('a.js', 'const = {')).toEqual([])
  expect(findSymbols('a.unknown', parser)).toEqual([])
})

it.each([
  ['src/a.ts', 'source'],
  ['src/isWithinInterval/test.ts', 'test'],
  ['src/__tests__/a.js', 'test'],
  ['lib/a.spec.tsx', 'test'],
  ['pkg/a_test.go', 'test'],
  ['test_a.py', 'test'],
  ['tests/data/a.json', 'test'],
  ['src/latest.ts', 'source'],
  ['src/contest.js', 'source'],
  ['src/testing/clock.ts', 'source'],
  ['package.json', 'configuration'],
  ['.eslintrc', 'configuration'],
  ['vite.config.ts', 'configuration'],
  ['.github/workflows/ci.yml', 'configuration'],
  ['docs/guide.md', 'documentation'],
  ['README', 'documentation'],
  ['requirements.txt', 'configuration'],
  ['logo.png', 'other'],
])('%s is %s', (path, kind) => {
  expect(fileKind(path)).toBe(kind)
})

it('says which lines a commit brought', async () => {
  const source = scratch.repository('lines', { 'a.test.js': '1\n2\n3\n', 'b.js': 'b\n' })
  const { repository: first, base: root } = await scratch.import(source.path)
  expect(await first.linesOfCommit(root.commit)).toEqual({})
  source.commit('Second', { 'a.test.js': '1\ntwo\n3\n4\n', 'b.js': null, 'new.test.js': 'x\ny' })
  const { repository: second, base: next } = await scratch.import(source.path)
  expect(await second.linesOfCommit(next.commit)).toEqual({ 'a.test.js': [2, 4], 'new.test.js': [1, 2] })
  expect(await second.linesOfCommit(next.commit, 1)).toEqual({})
  source.commit('Between', { 'a.test.js': 'zero\n1\ntwo\n3\n4\n' })
  const { repository: between, base: last } = await scratch.import(source.path)
  expect(await between.linesOfCommit(last.commit)).toEqual({ 'a.test.js': [1] })
  expect(await between.linesOfCommit(last.commit, 1)).toEqual({
    'a.test.js': [1, 3, 5],
    'new.test.js': [1, 2],
  })
  source.commit('Third', Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`many/${n}.js`, 'x'])))
  const { repository: third, base: huge } = await scratch.import(source.path)
  expect(await third.linesOfCommit(huge.commit)).toEqual({})
})
