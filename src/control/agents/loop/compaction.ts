import type { ModelMessage } from '../../../contracts/index.ts'
import { asData } from '../data.ts'
import { oneLine, renderFailing } from './brief.ts'
import { estimateTokens } from './elision.ts'
import { ownTools } from './own-tools.ts'
import type { AgentState, CallNote, Turn } from './state.ts'

/** Compacts when a request would take more than this share of the context … */
const highWater = 0.8
/** … down to this one, so that it is seldom done and the beginning of requests stays the same for providers' caches. */
const lowWater = 0.4

/**
 * Leaves old turns out of the coming requests once there is too much, whole turns at a time, so that a call and its
 * result stay together. Goal and constraints stand in the first message and are never touched. What the turns amounted to
 * is kept as a summary that is made by code from the state: plan, decisions, replies of people, open failures, changed
 * files, and what was tried with which result.
 */
export function compact(state: AgentState, fixedTokens: number, contextTokens: number): AgentState {
  if (requestTokens(state, fixedTokens) <= contextTokens * highWater) return state
  let compactedBefore = state.compactedBefore
  let compacted = state
  // The last turn is never left out: what was just asked for has to be seen.
  while (compactedBefore < state.turns.length - 1) {
    compactedBefore += 1
    compacted = { ...state, compactedBefore, summary: '' }
    if (requestTokens(compacted, fixedTokens + summaryTokens) <= contextTokens * lowWater) break
  }
  return compactedBefore === state.compactedBefore
    ? state
    : { ...compacted, summary: summarise(state, compactedBefore) }
}

/** Tokens of the next request, guessed with care. */
export function requestTokens(state: AgentState, fixedTokens: number): number {
  const turns = state.turns.slice(state.compactedBefore)
  return turns.reduce((sum, turn) => sum + turn.tokens, fixedTokens + estimateTokens(state.summary ?? ''))
}

export function messageTokens(message: ModelMessage): number {
  return estimateTokens(JSON.stringify(message))
}

export function turnTokens({ content, results, notes }: Pick<Turn, 'content' | 'results' | 'notes'>): number {
  return estimateTokens(JSON.stringify([content, results, notes]))
}

/** Most that a summary takes. */
const summaryTokens = 4000
const summaryCharacters = summaryTokens * 3
const sectionCharacters = 3000

function summarise(state: AgentState, before: number): string {
  const turns = state.turns.slice(0, before)
  const calls = turns.flatMap((turn) => turn.calls)
  const sections: [title: string, lines: readonly string[]][] = [
    ['Plan', state.plan === undefined ? [] : [state.plan.slice(0, sectionCharacters)]],
    ['Hypothesis', state.hypothesis === undefined ? [] : [state.hypothesis]],
    ['Decisions', state.decisions.map((line) => `- ${line}`)],
    ['Asked of a person', state.replies.map(({ question, answer }) => `- ${question} → ${answer}`)],
    ['Files changed', counted(calls.filter(({ changed }) => changed).map(nameOf))],
    ['Tried', counted(attemptsOf(turns).map(({ what, result }) => `${what} → ${result}`))],
    [
      'Also looked at',
      counted(
        calls
          .filter(({ tool, changed, ran }) => !changed && ran === undefined && !ownTools.has(tool))
          .map(nameOf),
      ),
    ],
  ]
  const text = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `## ${title}\n${newest(lines, sectionCharacters).join('\n')}`)
    .join('\n\n')
    .slice(0, summaryCharacters)
  const failing = [...state.failing].map(([id, message]) => ({ id, message }))
  return [
    `# What went before\n\nThe first ${before} turns are left out here. What the studio noted of them:`,
    asData('notes on earlier turns', text),
    ...(failing.length === 0 ? [] : [`Failing now:\n\n${renderFailing(failing.slice(0, 12))}`]),
  ].join('\n\n')
}

/** The newest lines that fit. */
function newest(lines: readonly string[], characters: number): readonly string[] {
  let room = characters
  const first = lines.findLastIndex((line) => (room -= line.length + 1) < 0)
  return first === -1 ? lines : [`- (${first + 1} older ones are left out)`, ...lines.slice(first + 1)]
}

function nameOf({ tool, subject }: CallNote): string {
  return `${tool} ${subject}`.trim()
}

/** Each once, in the order of its last time, with how often. */
function counted(all: readonly string[]): string[] {
  const times = new Map<string, number>()
  for (const what of all) {
    const before = times.get(what) ?? 0
    times.delete(what)
    times.set(what, before + 1)
  }
  return [...times].map(([what, count]) => (count === 1 ? `- ${what}` : `- ${what} (${count} times)`))
}

/** What was changed before each run of the tests, and what the run said. */
export function attemptsOf(turns: readonly Turn[]): { readonly what: string; readonly result: string }[] {
  const attempts: { what: string; result: string }[] = []
  let changes: string[] = []
  for (const call of turns.flatMap(({ calls }) => calls)) {
    const { changed, ran } = call
    if (changed) changes.push(nameOf(call))
    if (ran === undefined) continue
    attempts.push({
      what:
        changes.length === 0
          ? 'ran the tests without a change'
          : oneLine([...new Set(changes)].join(', '), 300),
      result:
        ran.length === 0
          ? 'all tests that ran pass'
          : oneLine(`${ran.length} failing: ${ran.join(', ')}`, 300),
    })
    changes = []
  }
  if (changes.length > 0)
    attempts.push({ what: oneLine([...new Set(changes)].join(', '), 300), result: 'not tested' })
  return attempts
}
