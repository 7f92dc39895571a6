import type { Template } from './template.ts'
import { template as argument } from './templates/argument.ts'
import { template as assignment } from './templates/assignment.ts'
import { template as boundary } from './templates/boundary.ts'
import { template as condition } from './templates/condition.ts'
import { template as guard } from './templates/guard.ts'
import { template as literal } from './templates/literal.ts'
import { template as nesting } from './templates/nesting.ts'
import { template as operand } from './templates/operand.ts'
import { template as operator } from './templates/operator.ts'
import { template as returning } from './templates/returning.ts'
import { template as slicing } from './templates/slicing.ts'
import { template as statement } from './templates/statement.ts'
import { template as substitution } from './templates/substitution.ts'

/** Every family of edits. To add one: a file in `templates/` and a line here. */
export const templates: readonly Template[] = [
  argument,
  assignment,
  boundary,
  condition,
  guard,
  literal,
  nesting,
  operand,
  operator,
  returning,
  slicing,
  statement,
  substitution,
]
