import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunkFile } from './index.ts'

const chunk = (path: string, text: string | Uint8Array) => chunkFile(path, Buffer.from(text))

const method = (name: string, statements: number): string =>
  `  ${name}(value) {\n${'    value = value.concat(this.other, 1, 2, 3)\n'.repeat(statements)}    return value\n  }\n`

describe('code', () => {
  it('is split into functions with their comments, types with their methods, and blocks', async () => {
    const { chunks, imports, hasSyntaxErrors } = await chunk(
      'src/a.ts',
      [
        "import { b } from './b.ts'",
        'const one = 1',
        '',
        '/** Adds. */',
        'export function add(x: number): number {',
        '  return x + one',
        '}',
        '',
        'class Counter {',
        '  count = 0',
        '  next() { return this.count++ }',
        '}',
      ].join('\n'),
    )
    expect(chunks).toMatchObject([
      { startLine: 1, endLine: 2, symbols: ['one'] },
      {
        startLine: 4,
        endLine: 7,
        symbols: ['add'],
        signature: 'export function add(x: number): number {',
        docLines: 1,
      },
      { startLine: 9, endLine: 12, symbols: ['Counter', 'count', 'next'] },
    ])
    expect(imports).toEqual(['./b.ts'])
    expect(hasSyntaxErrors).toBe(false)
  })

  it('that is long is split at members and statements, below a header', async () => {
    const { chunks } = await chunk(
      'a.js',
      `class Long {\n${method('first', 60)}${method('second', 200)}${method('third', 3)}}\n`,
    )
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks[0]).toMatchObject({ startLine: 1, symbols: ['Long', 'first'], headerLines: [] })
    expect(chunks[2]).toMatchObject({ within: ['Long', 'second'], headerLines: [1, 65] })
    expect(chunks.at(-1)).toMatchObject({ within: ['Long'], symbols: ['third'], headerLines: [1] })
  })

  it.each([
    ['a.py', 'import os\n\nclass A:\n    def f(self):\n        return 1\n', ['A', 'f']],
    ['a.go', 'package a\n\nfunc (s *Server) Run() error {\n\treturn nil\n}\n', ['Run']],
    ['a.rs', 'struct P;\n\nimpl P {\n    fn area(&self) -> u32 { 1 }\n}\n', ['P', 'area']],
    ['A.java', 'class A {\n  int size() {\n    return 1;\n  }\n}\n', ['A', 'size']],
    ['a.cpp', 'namespace n {\nint f(int a) {\n  return a;\n}\n}\n', ['n', 'f']],
    ['A.cs', 'class A {\n  int Size() {\n    return 1;\n  }\n}\n', ['A', 'Size']],
    ['a.rb', 'class A\n  def size\n    1\n  end\nend\n', ['A', 'size']],
    ['a.php', '<?php\nclass A {\n  function size() {\n    return 1;\n  }\n}\n', ['A', 'size']],
    ['a.tsx', 'export const View = () => {\n  return <p>hello</p>\n}\n', ['View']],
    ['a.cjs', 'exports.parse = function (x) {\n  return x\n}\n', ['parse']],
  ])('of %s has its symbols', async (path, text, symbols) => {
    const { chunks, outcome } = await chunk(path, text)
    expect(outcome).toBe('indexed')
    expect([...new Set(chunks.flatMap((one) => one.symbols))]).toEqual(symbols)
  })

  it('keeps documentation, decorators and attributes with what they are for, and tells types from the rest', async () => {
    const cases: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
      [
        'service.py',
        'import os\nfrom .store import Store\n\n\n@cached(ttl=60)\ndef total(orders):\n    """Adds them up."""\n    return sum(orders)\n\n\n@dataclass\nclass Order:\n    """What is bought."""\n\n    price: int\n\n    def tax(self):\n        return self.price // 5\n',
        [[], ['total'], ['Order', 'tax']],
      ],
      [
        'server.go',
        'package server\n\nimport (\n\t"net/http"\n)\n\n// Server answers.\ntype Server struct {\n\tmux *http.ServeMux\n}\n\n// Run blocks.\nfunc (s *Server) Run() error {\n\treturn nil\n}\n',
        [[], ['Server'], ['Run']],
      ],
      [
        'shape.rs',
        'use std::fmt;\n\n/// A point.\n#[derive(Debug)]\npub struct Point {\n    x: u32,\n}\n\nimpl Point {\n    /// Its area.\n    pub fn area(&self) -> u32 {\n        self.x\n    }\n}\n',
        [[], ['Point'], ['Point', 'area']],
      ],
      [
        'Order.java',
        'package shop;\n\nimport java.util.List;\n\n/** What is bought. */\n@Entity\npublic class Order {\n  private List<Line> lines;\n\n  /** In cents. */\n  public int total() {\n    return 0;\n  }\n}\n',
        [[], ['Order', 'total']],
      ],
      [
        'ring.c',
        '#include "ring.h"\n\n/* Appends. */\nstatic int ring_push(struct ring *r, int v)\n{\n    r->items[r->at++] = v;\n    return 0;\n}\n',
        [[], ['ring_push']],
      ],
      [
        'cart.rb',
        "require_relative 'item'\n\n# Holds items.\nclass Cart\n  def total\n    @items.sum\n  end\nend\n",
        [[], ['Cart', 'total']],
      ],
      [
        'Cart.php',
        '<?php\nuse Shop\\Item;\n\n/** Holds items. */\nclass Cart\n{\n    public function total(): int\n    {\n        return 0;\n    }\n}\n',
        [[], ['Cart', 'total']],
      ],
      [
        'Cart.cs',
        'using System;\n\n/// <summary>Holds items.</summary>\npublic class Cart\n{\n    public int Total()\n    {\n        return 0;\n    }\n}\n',
        [[], ['Cart', 'Total']],
      ],
    ]
    for (const [path, text, symbols] of cases) {
      const { chunks, imports, lines } = await chunk(path, text)
      expect([path, chunks.map((one) => one.symbols)]).toEqual([path, symbols])
      expect([path, imports.length]).not.toEqual([path, 0])
      const documented = chunks.find((one) => one.symbols.length > 0)
      const first = lines.slice((documented?.startLine ?? 1) - 1, (documented?.startLine ?? 1) - 1)
      expect([path, first.trim()]).toEqual([path, expect.stringMatching(/^(?:@|\/\/|\/\*|#)/)])
    }
  })

  it('with syntax errors is chunked all the same', async () => {
    const file = await chunk('a.ts', 'function good() {\n  return 1\n}\n\nfunction bad( {{{ ]\n')
    expect(file).toMatchObject({ outcome: 'indexed', hasSyntaxErrors: true })
    expect(file.chunks[0]?.symbols).toEqual(['good'])
  })
})

describe('prose', () => {
  it('in Markdown is split at headings, but not at those inside code', async () => {
    const { chunks } = await chunk('a.md', '# Top\n\nText\n\n## Sub\n\n```\n# no heading\n```\n')
    expect(chunks).toMatchObject([
      { startLine: 1, endLine: 3, symbols: ['Top'], within: [] },
      { startLine: 5, endLine: 9, symbols: ['Sub'], within: ['Top'] },
    ])
  })
})

describe('configuration', () => {
  it('in YAML is split at its keys, an API description at its paths', async () => {
    const operation = (name: string): string =>
      `  /${name}:\n    get:\n      summary: Lists ${name}\n      responses:\n        '200':\n          description: OK\n    post:\n      summary: Adds one\n`
    const { chunks } = await chunk(
      'api.yaml',
      `openapi: 3.1.0\ninfo:\n  title: Shop\npaths:\n${operation('orders')}${operation('customers')}components:\n  schemas:\n    Order:\n      type: object\n`,
    )
    const orders = chunks.find(({ symbols }) => symbols[0] === '/orders')
    expect(orders).toMatchObject({ startLine: 5, endLine: 12, within: ['paths'], headerLines: [4] })
    expect(orders?.symbols).toEqual(['/orders', 'get', 'post'])
    expect(chunks.find(({ symbols }) => symbols[0] === '/customers')).toMatchObject({
      startLine: 13,
      endLine: 20,
    })
    expect(chunks.at(-1)?.symbols).toContain('components')
  })

  it('in JSON keeps a short file whole and names its keys', async () => {
    const text = JSON.stringify({ name: 'app', scripts: { test: 'vitest', lint: 'eslint .' } }, null, 2)
    const { chunks } = await chunk('package.json', text)
    expect(chunks).toMatchObject([{ startLine: 1, symbols: ['name', 'scripts', 'test', 'lint'] }])
  })

  it('in TOML is split at its tables', async () => {
    const table = (name: string): string => `[${name}]\n${'option = "value"\n'.repeat(9)}\n`
    const { chunks } = await chunk('pyproject.toml', `${table('project')}${table('tool.ruff.lint')}`)
    expect(chunks.map(({ symbols }) => symbols[0])).toEqual(['project', 'tool.ruff.lint'])
  })
})

describe('what is no source text', () => {
  it.each([
    ['a.js', Buffer.from([0x7f, 0x45, 0, 0, 1]), 'binary'],
    ['a.js', Buffer.from(Array.from({ length: 4_000 }, (_, index) => 128 + (index % 100))), 'binary'],
    ['a.js', 'a=1;'.repeat(5_000), 'minified'],
    ['a.go', '// Code generated by x. DO NOT EDIT.\npackage a\n', 'generated'],
    ['package-lock.json', '{}', 'generated'],
    ['a.psd', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n', 'lfs-pointer'],
  ])('is told: %s', async (path, content, outcome) => {
    expect(await chunk(path, content)).toMatchObject({ outcome, chunks: [] })
  })

  it('is read where only some of it is not UTF-8, and with any line breaks', async () => {
    const bytes = Buffer.concat([
      Buffer.from('let a = "'),
      Buffer.from([0xff]),
      Buffer.from('"\r\nlet b\r\n'),
    ])
    expect(await chunk('a.js', bytes)).toMatchObject({
      outcome: 'indexed',
      chunks: [{ startLine: 1, endLine: 2, symbols: ['a', 'b'] }],
    })
  })

  it('does not hold up the studio for long, however deep it is nested', async () => {
    const begun = performance.now()
    await chunk('deep.js', '[\n'.repeat(100_000))
    await chunk('deep.py', 'if x:\n'.repeat(50_000))
    expect(performance.now() - begun).toBeLessThan(20_000)
  })
})

it('covers every line that is not blank exactly once, whatever the text', async () => {
  const piece = fc.constantFrom(
    'function f() {\n',
    '}\n',
    'class A {\n',
    '\n',
    '# Title\n',
    '// why\n',
    'x = 1\n',
    'def f():\n',
    '    return 1\n',
    '```\n',
    'a\r\n',
    'key:\n',
    '  nested: 1\n',
    '  "name": {\n',
    '[table]\n',
    'long_name(1, 2)\n'.repeat(300),
  )
  const path = fc.constantFrom('a.ts', 'a.py', 'a.md', 'a.txt', 'a.go', 'a.rb', 'a.yaml', 'a.json', 'a.toml')
  await fc.assert(
    fc.asyncProperty(path, fc.array(piece, { maxLength: 40 }), async (name, pieces) => {
      const { chunks, lines, outcome } = await chunk(name, pieces.join(''))
      if (outcome !== 'indexed') return
      const covered = chunks.flatMap(({ startLine, endLine }) =>
        Array.from({ length: endLine - startLine + 1 }, (_, index) => startLine + index),
      )
      expect(new Set(covered).size).toBe(covered.length)
      const missed = Array.from({ length: lines.count }, (_, row) => row + 1).filter(
        (line) => !lines.isBlank(line - 1) && !covered.includes(line),
      )
      expect(missed).toEqual([])
    }),
    { numRuns: 60 },
  )
})
