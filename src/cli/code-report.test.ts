import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { CodeSearchAnswer } from '../api/index.ts'
import { renderContext, renderHits, renderIndexReport } from './code-report.ts'
import type { Terminal } from './terminal.ts'

const terminal: Terminal = {
  stdin: new PassThrough(),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  colour: false,
}
const commit = 'a'.repeat(40)
const older = 'b'.repeat(40)

test('an index report counts what was found and what was not read', () => {
  const report = {
    repository: '/r',
    commit,
    files: 3,
    read: 2,
    lines: 40,
    outcomes: { indexed: 2, binary: 1, link: 1, submodule: 2 },
    syntaxErrors: 1,
    notes: ['Uncommitted changes were left out.'],
  }
  expect(renderIndexReport(report, 1.25).split('\n')).toEqual([
    'aaaaaaaaaaaa of /r is indexed: 2 files, 40 lines, 2 files read in 1.3 s.',
    'Found by name only: 1 file binary.',
    'Not followed: 1 link, 2 submodules.',
    '1 file with syntax errors, indexed as far as they go.',
    'Uncommitted changes were left out.',
  ])
})

const answer: CodeSearchAnswer = {
  repository: '/r',
  asked: commit,
  commit: older,
  indexing: false,
  hits: [
    {
      path: 'src/a\u001b[2J.ts',
      startLine: 3,
      endLine: 9,
      symbols: ['parse'],
      signature: 'export function parse(text) {',
      score: 2.5,
      why: {
        features: [{ name: 'path', contribution: 1 }],
        terms: [{ term: 'pars', fields: ['symbol', 'body'] }],
        edges: [{ kind: 'imports', path: 'src/b.ts' }],
        pastCommit: older,
      },
    },
  ],
}

test('hits name lines and reasons, and nothing of a repository reaches the terminal raw', () => {
  const text = renderHits(answer, terminal)
  expect(text).toContain('aaaaaaaaaaaa is not indexed; this is the answer for bbbbbbbbbbbb')
  expect(text).toContain(':3-9  export function parse(text) {')
  expect(text).toContain('pars (symbol, body); imports src/b.ts; like commit bbbbbbbbbbbb')
  expect(text).not.toContain('\u001b')
})

test('a context fences code that has fences itself', async () => {
  const text = await renderContext({
    ...answer,
    budget: 100,
    tokens: 10,
    pieces: [
      {
        path: 'a.md',
        startLine: 1,
        endLine: 2,
        commit: older,
        kind: 'documentation',
        role: 'decision',
        symbols: [],
        header: '# Title\n',
        text: '```\ncode\n```\n',
        tokens: 10,
        why: [],
      },
    ],
    leftOut: [{ path: 'b.ts', startLine: 1, endLine: 90, tokens: 900, role: 'code', reason: 'no-room' }],
  })
  expect(text).toContain('````\n# Title\n…\n```\ncode\n```\n````')
  expect(text).toContain('- b.ts:1-90 (900 tokens)')
})
