import type { Cedar, PolicySource } from './policy-text.ts'

/**
 * Those of some policies that can have a say about an action: its own, and those about every action. Cedar looks at each
 * policy that it is given, and most are about something else. All of them where the schema has groups of actions, or
 * something cannot be read.
 */
export function policiesByAction(
  cedar: Cedar,
  schema: string,
  policies: readonly PolicySource[],
): (action: string) => readonly PolicySource[] {
  if (hasGroups(cedar, schema)) return () => policies
  const told = policies.map((policy) => ({ policy, actions: actionsOf(cedar, policy) }))
  return (action) =>
    told.flatMap(({ policy, actions }) => (actions === 'all' || actions.includes(action) ? [policy] : []))
}

function hasGroups(cedar: Cedar, schema: string): boolean {
  const answer = cedar.schemaToJson(schema)
  if (answer.type === 'failure') return true
  return Object.values(answer.json).some(({ actions }) =>
    Object.values(actions).some(({ memberOf }) => (memberOf ?? []).length > 0),
  )
}

function actionsOf(cedar: Cedar, { text }: PolicySource): readonly string[] | 'all' {
  const answer = cedar.policyToJson(text)
  if (answer.type === 'failure') return 'all'
  const { action } = answer.json
  if (action.op === 'All') return 'all'
  const entities = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : undefined
  if (entities === undefined) return 'all'
  return entities.map((entity) => ('__entity' in entity ? entity.__entity.id : entity.id))
}
