import type { JsonObject } from './ports.ts'
import type { FailingTest } from './ports.ts'
import { asData } from '../data.ts'

/** What an agent is asked to do. */
export interface AgentBrief {
  /** In the studio's or a person's words; instructions. */
  readonly goal: string
  /** What has to hold whatever happens, a line each; never left out of a request. */
  readonly constraints: readonly string[]
  /** Texts from outside, or that other agents wrote: data. */
  readonly material: readonly { readonly label: string; readonly text: string }[]
  /** Tests that fail and that the work is to mend. */
  readonly failingTests: readonly FailingTest[]
  /** Ids of tests that failed before and have nothing to do with the work: nobody is held to them. */
  readonly failingAnyway?: readonly string[]
}

/** The first message to the agent; it stays the same for all of its work, at the front of every request. */
export function renderBrief(brief: AgentBrief): string {
  const { goal, constraints, material, failingTests, failingAnyway = [] } = brief
  const sections = [`# Goal\n\n${goal}`]
  if (constraints.length > 0)
    sections.push(`# Constraints\n\n${constraints.map((line) => `- ${line}`).join('\n')}`)
  if (failingTests.length > 0) sections.push(`# Failing tests\n\n${renderFailing(failingTests)}`)
  if (failingAnyway.length > 0) {
    const tests = failingAnyway.map((id) => ({ id, message: '' }))
    sections.push(`# Failed before, and not part of the work\n\n${renderFailing(tests)}`)
  }
  for (const { label, text } of material) sections.push(asData(label, text))
  return sections.join('\n\n')
}

const shownTests = 30
const shownMessage = 600

/** Failing tests as data, with the beginning of what each says. */
export function renderFailing(tests: readonly FailingTest[]): string {
  const lines = tests.slice(0, shownTests).map(({ id, message }) => {
    const said = message.trim().slice(0, shownMessage)
    return said === '' ? `- ${id}` : `- ${id}\n  ${said.replaceAll('\n', '\n  ')}`
  })
  if (tests.length > shownTests) lines.push(`- and ${tests.length - shownTests} more`)
  return asData('failing tests', lines.join('\n'))
}

/** What a call is about, in a line. */
export function subjectOf(input: JsonObject): string {
  for (const name of ['path', 'file', 'command', 'query', 'symbol', 'pattern', 'filter', 'name']) {
    const value = input[name]
    if (typeof value === 'string' && value !== '') return oneLine(value, 120)
  }
  const first = Object.values(input).find((value) => typeof value === 'string')
  return typeof first === 'string' ? oneLine(first, 80) : ''
}

/** White space folded, cut to a length. */
export function oneLine(text: string, length: number): string {
  const folded = text.replaceAll(/\s+/g, ' ').trim()
  return folded.length <= length ? folded : `${folded.slice(0, length - 1)}…`
}
