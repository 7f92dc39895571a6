import { z } from 'zod'

/** Groups of actions that a credential can be limited to; see {@link groupOf} for what is in each. */
const scopeGroupSchema = z.enum(['read', 'work', 'decide', 'models', 'administer'])

/** What a credential is limited to: groups of actions, and single actions by their name. */
export const scopeSchema = z.union([scopeGroupSchema, z.string().regex(/^[a-z]+(-[a-z]+)+$/)])

/** All that a person may do. */
export const everyScope: readonly string[] = scopeGroupSchema.options

const work: ReadonlySet<string> = new Set(['submit-work-item', 'cancel-run', 'resume-run', 'answer-question'])

/**
 * `read` sees, `work` asks for work and steers it, `decide` answers for a person, `models` asks models at the gateway,
 * `administer` is everything else.
 */
function groupOf(action: string): z.infer<typeof scopeGroupSchema> {
  if (action.startsWith('read-')) return 'read'
  if (work.has(action)) return 'work'
  if (action === 'decide-approval') return 'decide'
  return action === 'use-models' ? 'models' : 'administer'
}

/**
 * Whether a credential may be used for an action. What its holder may do at all is for the policies to say.
 */
export function scopesCover(scopes: readonly string[] | 'all', action: string): boolean {
  return scopes === 'all' || scopes.includes(action) || scopes.includes(groupOf(action))
}

/** Whether a credential opens all that a scope opens. */
export function scopesInclude(scopes: readonly string[] | 'all', scope: string): boolean {
  if (scopes === 'all' || scopes.includes(scope)) return true
  return !scopeGroupSchema.safeParse(scope).success && scopesCover(scopes, scope)
}
