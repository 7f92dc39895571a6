import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { RunView } from '../contracts/index.ts'
import { renderReport, wrap } from './report.ts'
import { humanDuration, oneLine, printable, type Terminal } from './terminal.ts'

const terminal: Terminal = {
  stdin: new PassThrough(),
  stdout: Object.assign(new PassThrough(), { columns: 100 }),
  stderr: new PassThrough(),
  colour: false,
}

const run: RunView = {
  id: 'run_1',
  title: 'Off by one',
  status: 'waiting',
  outcome: null,
  repository: '/r',
  requester: 'person:reporter',
  projectId: 'default',
  createdAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  workflow: { name: 'deliver', digest: 'sha256:0' },
  steps: [],
  error: null,
  may: ['decide'],
  report: {
    asked: 'Off by one \u001b[2J\u202ehidden',
    description: '',
    kind: 'repair',
    found: [],
    checks: [],
    explanation: 'The comparison includes the end.',
    patch: ['--- a/x.js', '+++ b/x.js', '@@ -1 +1 @@', '-a <= b', '+a < b', ''].join('\n'),
    summary: {
      files: [{ path: 'x.js', status: 'modified', added: 1, deleted: 1, kind: 'source', symbols: ['f'] }],
      added: 1,
      deleted: 1,
    },
    confidence: 0.9,
    proof: { command: 'node --test', fixed: ['x > y'], passed: 12, failed: 0, stillFailing: [] },
    findings: [],
    attention: ['confidence 0.90'],
    escalation: null,
    question: null,
    approval: { status: 'pending', subject: 'sha256:1', decidedBy: null, reason: null },
    published: null,
    cost: { money: 0, tokens: 0, toolCalls: 9, seconds: 12 },
    seconds: 12.4,
  },
}

describe('the report', () => {
  test('says what was asked, changed and proven, and how to decide, on one screen', () => {
    const text = renderReport(run, terminal)
    for (const part of [
      'waiting for approval',
      'x.js',
      '+a < b',
      '12 passed',
      'fixed  x > y',
      'atelier approve run_1',
    ]) {
      expect(text).toContain(part)
    }
    expect(text.split('\n').length).toBeLessThan(40)
  })

  test('shows untrusted text without anything that could hide or forge', () => {
    expect(renderReport(run, terminal)).not.toMatch(/[\u001b\u202e]/)
  })

  test('shows a question of an agent, and how to answer it', () => {
    const question = {
      id: 'k:turn-1:call-1',
      question: 'Which of the two\u001b[2J?',
      why: 'Both fit.',
      options: ['the first', 'the second'],
      askedBy: 'agent:developer',
      askedAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2026-01-08T00:00:00.000Z',
    }
    const text = renderReport({ ...run, report: { ...run.report, question, approval: null } }, terminal)
    for (const part of ['waiting for an answer', 'the second', 'atelier reply run_1', '2026-01-08'])
      expect(text).toContain(part)
    expect(text).not.toContain('\u001b')
  })

  test('cuts a long diff and says where the rest is', () => {
    const patch = `@@ -1 +1,90 @@\n${'+line\n'.repeat(90)}`
    expect(renderReport({ ...run, report: { ...run.report, patch } }, terminal)).toMatch(
      /… \d+ more lines: atelier show run_1 --diff/,
    )
  })

  test('an escalation is a table that is read in ten seconds', () => {
    const escalation = {
      hypothesis: 'Nothing that was tried repairs it.',
      attempts: [{ what: '900 edits tried', result: 'none plausible' }],
      failingTests: [{ id: 'x > y', message: '1 !== 2' }],
      suspects: [{ place: 'x.js:3', why: 'executed by the failing test only' }],
      hints: [],
    }
    const text = renderReport(
      { ...run, outcome: 'escalated', report: { ...run.report, escalation } },
      terminal,
    )
    expect(text).toContain('| 900 edits tried')
    expect(text).toContain('| x.js:3')
    expect(text).not.toContain('{')
  })
})

test('durations are written for people', () => {
  expect([0.42, 59.6, 185, 7800].map(humanDuration)).toEqual([
    '0.4 s',
    '1 min 00 s',
    '3 min 05 s',
    '2 h 10 min',
  ])
})

test('text is wrapped, cut and made printable', () => {
  expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc'])
  expect(oneLine('first line\nsecond', 6)).toBe('first…')
  expect(printable('a\u0007\tb')).toBe('a    b')
})
