import type { Escalation, Tool } from '../../contracts/index.ts'
import {
  type AcceptanceCriteria,
  type AgentBrief,
  type AgentOutcome,
  escalationMarkdown,
} from '../../control/agents/index.ts'
import type { Actor } from './acting.ts'
import type { DevelopmentInput } from './development-input.ts'
import type { DeliveryServices } from './services.ts'

/** Tokens of code that an agent is shown before it looks for itself. */
const contextTokens = 12_000

const constraints = [
  'The tests of the base revision decide, whatever stands in the tree: a change that makes any of them fail is refused.',
  'Tests that exist are changed only where the work item asks for other behaviour; they are judged apart, and weakened ones are reported to the person who approves.',
  'Keep the change as small as the work allows, in the manner of the code around it. Nothing is committed, pushed or installed.',
]

/** What the developer is asked. Everything that comes from outside, or from other agents, goes along as data. */
export async function developerBrief(
  { tools }: DeliveryServices,
  actor: Actor,
  input: DevelopmentInput,
  { key, earlier }: { readonly key: string; readonly earlier: AgentOutcome | undefined },
): Promise<AgentBrief> {
  const { workItem, intent, workspace, baseline, reproduction, repair, criteria } = input
  const shown = new Set(reproduction?.failing.map(({ id }) => id))
  const found = repair?.outcome === 'escalated' ? repair.escalation : undefined
  const assemble = tools.require('context.assemble') as Tool<unknown, { readonly text: string }>
  const context = await actor.act(
    assemble,
    {
      workspace,
      issue: { title: workItem.title, body: workItem.body },
      tokens: contextTokens,
      suspects: found?.suspects ?? [],
    },
    { key: `${key}:context` },
  )
  const material = [
    { label: 'work item', text: `${workItem.title}\n\n${workItem.body}` },
    ...(intent.acceptanceCriteria.length === 0
      ? []
      : [{ label: 'acceptance criteria', text: intent.acceptanceCriteria.join('\n') }]),
    ...(criteria === null ? [] : [{ label: 'criteria derived from the work item', text: written(criteria) }]),
    { label: 'code that may matter', text: context.text },
    ...triedBefore('what was tried without a model', found),
    ...triedBefore('what an earlier attempt came to', earlier?.escalation),
  ]
  return {
    goal:
      reproduction === null
        ? 'Do what the work item below asks for in this repository, with tests that show it.'
        : 'Find why the failing tests below fail, and change the code so that it does what the work item asks for.',
    constraints,
    material,
    failingTests: (reproduction?.failing ?? []).map(({ id, message = '' }) => ({ id, message })),
    failingAnyway: baseline.tests
      .filter(({ id, outcome }) => outcome === 'failed' && !shown.has(id))
      .map(({ id }) => id),
  }
}

function written({ criteria, unclear }: AcceptanceCriteria): string {
  return [
    ...criteria.map(
      ({ kind, given, when, outcome }) => `${kind}: given ${given}, when ${when}, then ${outcome}`,
    ),
    ...unclear.map((question) => `left open: ${question}`),
  ].join('\n')
}

function triedBefore(label: string, escalation: Escalation | undefined): AgentBrief['material'][number][] {
  return escalation === undefined ? [] : [{ label, text: escalationMarkdown(escalation) }]
}
