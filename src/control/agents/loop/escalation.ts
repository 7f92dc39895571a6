import type { Escalation } from '../../../contracts/index.ts'
import { oneLine } from './brief.ts'
import { attemptsOf } from './compaction.ts'
import type { AgentEnd } from './outcome.ts'
import type { AgentState } from './state.ts'

const shown = 8

/** What was tried without success, from what the studio itself saw; only the hypothesis is the agent's word. */
export function escalationOf(state: AgentState, end: AgentEnd): Escalation {
  const attempts = attemptsOf(state.turns)
  return {
    hypothesis: oneLine(
      [state.hypothesis ?? lastWords(state), whyEnded(end)].filter(Boolean).join(' — '),
      600,
    ),
    attempts: attempts.slice(-shown),
    failingTests: [...state.failing]
      .slice(0, shown)
      .map(([id, message]) => ({ id, message: oneLine(message, 300) })),
    suspects: suspectsOf(state),
    hints: [],
  }
}

/** Why the agent's work ended, in words for people. */
function whyEnded(end: AgentEnd): string {
  switch (end.kind) {
    case 'completed':
      return ''
    case 'capped':
    case 'stuck':
      return `stopped: ${end.reason}`
    case 'asks-person':
      return `asks: ${end.question.question}`
    case 'failed':
      return `failed: ${end.error.message}`
  }
}

function lastWords({ turns }: AgentState): string {
  for (const { content } of turns.toReversed()) {
    const said = content.find((part) => part.kind === 'text' && part.text.trim() !== '')
    if (said !== undefined && said.kind === 'text') return oneLine(said.text, 300)
  }
  return ''
}

function suspectsOf({ turns }: AgentState): Escalation['suspects'] {
  const changes = new Map<string, number>()
  for (const { subject, changed } of turns.flatMap(({ calls }) => calls))
    if (changed && subject !== '') changes.set(subject, (changes.get(subject) ?? 0) + 1)
  return [...changes]
    .sort((a, b) => b[1] - a[1])
    .slice(0, shown)
    .map(([place, times]) => ({ place, why: times === 1 ? 'changed once' : `changed ${times} times` }))
}

/** The ten-second table as Markdown, for a comment or a page. Text from outside cannot break out of its cell. */
export function escalationMarkdown({
  hypothesis,
  attempts,
  failingTests,
  suspects,
  hints,
}: Escalation): string {
  const sections = [
    `**Hypothesis:** ${hypothesis === '' ? 'none' : cell(hypothesis, 600)}`,
    table(
      ['Attempted', 'Result'],
      attempts.map(({ what, result }) => [what, result]),
    ),
    table(
      ['Failing test', 'Message'],
      failingTests.map(({ id, message }) => [id, message]),
    ),
    table(
      ['Suspect', 'Why'],
      suspects.map(({ place, why }) => [place, why]),
    ),
    ...hints.map(({ description }) => `- Hint, not a fix: ${cell(description, 300)}`),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return ''
  const lines = rows.map(([a, b]) => `| ${cell(a, 200)} | ${cell(b, 200)} |`)
  return [`| ${head[0]} | ${head[1]} |`, '| --- | --- |', ...lines].join('\n')
}

function cell(text: string, length: number): string {
  return oneLine(text, length).replaceAll(/[\\`*_[\]<>|~#@!]/g, (mark) => `\\${mark}`)
}
