import type { OwnPolicy } from './queries.ts'

/** How far a policy has come on its way to be in force. */
export type Stage = 'write' | 'simulate' | 'approve' | 'in-force'

/** What speaks against asking somebody to approve a draft; undefined where nothing does. */
export function obstacleTo(draft: Pick<OwnPolicy, 'digest' | 'rehearsal'>): string | undefined {
  const { rehearsal, digest } = draft
  if (rehearsal?.draft !== digest) return 'It is not simulated as it stands now.'
  if (rehearsal.problems.length > 0) return 'Something is wrong with its text.'
  if (rehearsal.testsProblem !== null) return 'Its tests cannot be read.'
  if (!rehearsal.ok) return 'One of its tests fails.'
  return undefined
}

/**
 * Where a policy stands: its draft as it is kept, and whether what is in the editor is something else.
 */
export function stageOf(
  draft: Pick<OwnPolicy, 'digest' | 'rehearsal'> | undefined,
  isInForce: boolean,
  isEdited: boolean,
): Stage {
  if (isEdited || (draft === undefined && !isInForce)) return 'write'
  if (draft === undefined) return 'in-force'
  return obstacleTo(draft) === undefined ? 'approve' : 'simulate'
}

/** A first text for a new policy, which reads well and does nothing that anybody would miss. */
export function firstText(name: string): string {
  return `// Say here why the rule is there: whoever approves it reads this first.
@id("${name}/forbid-publishing")
forbid (
  principal is Atelier::Agent,
  action == Atelier::Action::"cause-irreversible-effect",
  resource
)
when { context.tool == "repository.publish" };
`
}
