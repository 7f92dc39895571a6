import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { contextMigrations, featureNames } from '../src/control/context/index.ts'
import { createTestDatabase } from '../src/testing/index.ts'
import { findMirrors, type FixCase, issueCases, mineCases, readIssues } from './retrieval/cases.ts'
import { learnWeights } from './retrieval/learning.ts'
import {
  describeFindings,
  type Finding,
  measure,
  orderedBy,
  type Order,
  type Outcome,
  recalls,
  shippedOrder,
  wordOrder,
} from './retrieval/measure.ts'
import { bootstrapInterval, mean, round } from './retrieval/measures.ts'
import { openMirror } from './retrieval/mirror-source.ts'
import type { BenchmarkResult } from './run.ts'

const goal = { 'recall@1': 0.5, 'recall@5': 0.8, 'recall@10': 0.87, 'hunks in 16,000 tokens': 0.75 }

/** What was measured on one repository. */
interface Group {
  readonly name: string
  /** Of the mined commits, asked by their messages. */
  readonly mined: readonly Finding[]
  /** Of the commits whose issues are known, asked by the messages and by the issues. */
  readonly messages: readonly Finding[]
  readonly issues: readonly Finding[]
}

/**
 * How well the message of a fix, and the issue, find the files that the fix changes: recall over the repositories below
 * `--mirrors` before the fix, with weights learnt on the other repositories, and how many of the changed hunks a context
 * of 16,000 tokens shows whole.
 */
export default async function retrievalBench(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      mirrors: { type: 'string' },
      /** Fix commits of each repository at most. */
      cases: { type: 'string', default: '240' },
      /** Issues and their fixes, see `readIssues`. */
      issues: { type: 'string' },
      /** Parts of repository names, separated by commas. */
      only: { type: 'string', default: '' },
      /** Print the cases whose files are not all among the first ten. */
      misses: { type: 'boolean', default: false },
    },
  })
  const issues = readIssues(values.issues)
  await using test = await createTestDatabase({ migrations: contextMigrations })
  const scope = await test.createTenant()
  const groups: Group[] = []
  for (const [name, mirror] of findMirrors(values.mirrors)) {
    if (!values.only.split(',').some((part) => name.includes(part))) continue
    const directory = resolve(mirror)
    const source = openMirror(directory)
    const mined = await mineCases(directory, Number(values.cases))
    const reported = await issueCases(directory, issues.get(name) ?? new Map())
    const outcomesOf = async (cases: readonly FixCase[]): Promise<readonly Outcome[]> => {
      const outcomes: Outcome[] = []
      for (const one of cases) outcomes.push(await measure(test.database, scope, source, one))
      if (values.misses) printMisses(cases, outcomes)
      return outcomes
    }
    const byMessage = await outcomesOf(mined)
    const byIssue = await outcomesOf(reported)
    const group = {
      name,
      mined: byMessage.map(({ message }) => message),
      messages: byIssue.map(({ message }) => message),
      issues: byIssue.flatMap(({ issue }) => issue ?? []),
    }
    if (group.mined.length + group.issues.length === 0) continue
    groups.push(group)
    print(group, 'as shipped', shippedOrder)
  }
  return report(groups)
}

function print({ name, mined, messages, issues }: Group, how: string, order: Order): void {
  for (const [what, findings] of Object.entries({ commits: mined, 'commits of issues': messages, issues }))
    if (findings.length > 0)
      console.log(
        `${name.padEnd(28)} ${String(findings.length).padStart(4)} ${what.padEnd(18)} ${how}: ${describeFindings(findings, order)}`,
      )
}

function printMisses(cases: readonly FixCase[], outcomes: readonly Outcome[]): void {
  for (const [index, { message, issue }] of outcomes.entries()) {
    const { truth, paths } = issue ?? message
    const missed = truth.filter((path) => !paths.slice(0, 10).includes(path))
    if (missed.length === 0) continue
    const places = missed.map((path) => `${path} (${paths.indexOf(path) + 1 || 'not found'})`)
    console.log(
      `  ${cases[index]?.fix.slice(0, 10) ?? ''} ${cases[index]?.issue?.title ?? cases[index]?.subject ?? ''}: ${places.join(', ')}`,
    )
  }
}

function report(groups: readonly Group[]): BenchmarkResult {
  const lessons = ({ mined, issues }: Group): readonly Finding[] => [...mined, ...issues]
  const held = groups.map((group) => {
    const others = groups.filter((other) => other !== group).flatMap(lessons)
    const order = others.length === 0 ? shippedOrder : orderedBy(learnWeights(others, featureNames.length))
    print(group, 'learnt on the others', order)
    return { ...group, order }
  })
  type Held = (typeof held)[number]
  const over = (of: 'mined' | 'messages' | 'issues', measure: (group: Held) => readonly number[]) => {
    const values = held.filter((group) => group[of].length > 0).map(measure)
    return { mean: round(mean(values.map(mean))), interval: bootstrapInterval(values) }
  }
  const recall = (of: 'mined' | 'messages' | 'issues', k: number, order?: Order) =>
    over(of, (group) => recalls(group[of], k, order ?? group.order))
  const issueFigures = {
    issues: held.reduce((sum, { issues }) => sum + issues.length, 0),
    'issues, recall@1': recall('issues', 1),
    'issues, recall@5': recall('issues', 5),
    'issues, recall@10': recall('issues', 10),
    'issues, hunks in 16,000 tokens': over('issues', ({ issues }) => issues.map(({ whole }) => whole)),
    'messages of their fixes, recall@1': recall('messages', 1),
    'messages of their fixes, recall@5': recall('messages', 5),
    'messages of their fixes, recall@10': recall('messages', 10),
  }
  const figures = {
    repositories: held.length,
    cases: held.reduce((sum, { mined }) => sum + mined.length, 0),
    'recall@1': recall('mined', 1),
    'recall@5': recall('mined', 5),
    'recall@10': recall('mined', 10),
    'recall@50': recall('mined', 50),
    'recall@10 by words alone': recall('mined', 10, wordOrder),
    'recall@10 as shipped': recall('mined', 10, shippedOrder),
    'hunks in 16,000 tokens': over('mined', ({ mined }) => mined.map(({ whole }) => whole)),
    'hunks in 16,000 tokens, any line': over('mined', ({ mined }) => mined.map(({ touched }) => touched)),
    'search, ms': round(mean(held.flatMap(({ mined }) => mined.map(({ searchMs }) => searchMs)))),
    ...(issueFigures.issues > 0 ? issueFigures : {}),
  }
  const all = learnWeights(groups.flatMap(lessons), featureNames.length)
  const named = featureNames.map((name, index) => [name, round(all[index] ?? 0)])
  console.log(`learnt on all: ${JSON.stringify(Object.fromEntries(named))}`)
  return {
    figures,
    ratio: round(figures['recall@10'].mean / figures['recall@10 by words alone'].mean),
    goal,
    ok: Object.entries(goal).every(([name, least]) => figures[name as keyof typeof goal].mean >= least),
  }
}
