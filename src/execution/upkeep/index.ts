import { dependencyUpdate } from './dependency-update.ts'
import { codemod } from './codemod.ts'
import { format } from './format.ts'
import type { UpkeepKind } from './kind.ts'
import { lintFix } from './lint-fix.ts'

/** Every kind of work that the project's own tools do. */
export const upkeepKinds: readonly UpkeepKind[] = [lintFix, format, codemod, dependencyUpdate]

export { parseRule } from './codemod-rule.ts'
export { upkeepErrors } from './errors.ts'
export { verdictOf } from './kind.ts'
export type { UpkeepKind, UpkeepOffer, UpkeepPlace } from './kind.ts'
