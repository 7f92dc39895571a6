import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Tool, type WorkflowDefinition, workflowDefinitionSchema } from '../../contracts/index.ts'
import { loadAgents } from '../agents/index.ts'
import { makePlan, type PlanningFacts } from './index.ts'

const intent = {
  kind: 'bug' as const,
  goal: 'Back-to-back appointments are booked',
  acceptanceCriteria: [],
  files: [],
  symbols: [],
  tests: [],
  stackFrames: [],
  snippets: [],
  commands: [],
}

function toolNamed(name: string): Tool {
  return {
    name,
    summary: name,
    input: z.unknown(),
    output: z.unknown(),
    effect: name === 'repository.publish' ? 'external-reversible' : 'read',
    permissions: [],
    failureModes: [],
    worstCase: { money: 0, tokens: 0, toolCalls: 1, seconds: 60 },
    perform: () => Promise.resolve(null),
  }
}

async function factsOf(
  change: (workflow: WorkflowDefinition) => WorkflowDefinition = (same) => same,
  name = 'deliver',
): Promise<PlanningFacts> {
  const workflow = change(
    workflowDefinitionSchema.parse(parse(await readFile(`workflows/${name}.yaml`, 'utf8'))),
  )
  const names = workflow.steps
    .filter(({ kind }) => kind !== 'agent' && kind !== 'approval' && kind !== 'chain')
    .map((step) => step.uses)
  return {
    workflow,
    agents: await loadAgents('agents'),
    tools: new Map(names.map((name) => [name, toolNamed(name)])),
    runBudget: { money: 10_000_000, tokens: 5_000_000, toolCalls: 1000, seconds: 36_000 },
  }
}

test('plans the delivery workflow, and the same intent yields the same digest', async () => {
  const facts = await factsOf()
  const plan = makePlan(intent, facts)
  expect(plan.steps.map((step) => step.id)).toEqual(facts.workflow.steps.map((step) => step.id))
  expect(plan.constraints.map((constraint) => constraint.name)).toContain('effects-follow-approval')
  expect(makePlan(intent, facts).digest).toBe(plan.digest)
  expect(makePlan({ ...intent, goal: 'something else' }, facts).digest).not.toBe(plan.digest)
})

test.each(['lint-fix', 'format', 'codemod', 'dependency-update'])(
  'plans %s: the kind’s own tools, both verifications, and nothing published without an approval',
  async (name) => {
    const plan = makePlan(intent, await factsOf(undefined, name))
    expect(plan.steps.map(({ uses }) => uses)).toEqual(
      expect.arrayContaining([`${name}.propose`, `${name}.verify`, 'change.verify', 'change.review']),
    )
    expect(plan.steps.find(({ id }) => id === 'approval')?.needs).toEqual(['check', 'verify', 'review'])
  },
)

test('plans delivery with criteria like delivery, with room for the chain', async () => {
  const [shipped, example] = await Promise.all([
    factsOf(),
    factsOf(undefined, '../examples/workflows/deliver-with-criteria'),
  ])
  const others = example.workflow.steps.filter(({ id }) => id !== 'criteria')
  // What the shipped workflow changes, the example has to change too.
  expect(others.filter(({ id }) => id !== 'develop')).toEqual(
    shipped.workflow.steps.filter(({ id }) => id !== 'develop'),
  )
  const plan = makePlan(intent, example)
  expect(plan.steps.find(({ id }) => id === 'criteria')).toMatchObject({ kind: 'chain', needs: ['repair'] })
  expect(plan.estimate.tokens).toBeGreaterThan(makePlan(intent, shipped).estimate.tokens)
  const wrong = example.workflow.steps.map((step) =>
    step.kind === 'chain' ? { ...step, uses: 'none' } : step,
  )
  expect(() => makePlan(intent, { ...example, workflow: { ...example.workflow, steps: wrong } })).toThrow(
    expect.objectContaining({ code: 'ATL_AGENT_CHAIN_UNKNOWN' }),
  )
})

test('refuses an effect that no approval precedes', async () => {
  const facts = await factsOf((workflow) => ({
    ...workflow,
    steps: workflow.steps.map((step) => (step.id === 'publish' ? { ...step, needs: ['repair'] } : step)),
  }))
  expect(() => makePlan(intent, facts)).toThrow(/effects-follow-approval: step publish/)
})

test('refuses a worst case beyond the budget and names the unit', async () => {
  const facts = await factsOf()
  expect(() => makePlan(intent, { ...facts, runBudget: { ...facts.runBudget, seconds: 100 } })).toThrow(
    /budget: the worst case needs \d+ seconds, a run may use 100/,
  )
})

test('refuses a step whose tool does not exist', async () => {
  const facts = await factsOf()
  expect(() => makePlan(intent, { ...facts, tools: new Map() })).toThrow(
    expect.objectContaining({ code: 'ATL_PLAN_BREAKS_CONSTRAINT' }),
  )
})
