import type { Template } from './template.ts'
import { template as argument } from './templates/argument.ts'
import { template as assignment } from './templates/assignment.ts'
import { template as boundary } from './templates/boundary.ts'
import { template as comparator } from './templates/comparator.ts'
import { template as condition } from './templates/condition.ts'
import { template as constant } from './templates/constant.ts'
import { template as guard } from './templates/guard.ts'
import { template as literal } from './templates/literal.ts'
import { template as missing } from './templates/missing.ts'
import { template as nesting } from './templates/nesting.ts'
import { template as nullish } from './templates/nullish.ts'
import { template as operand } from './templates/operand.ts'
import { template as operator } from './templates/operator.ts'
import { template as regularExpression } from './templates/regular-expression.ts'
import { template as statement } from './templates/statement.ts'
import { template as substitution } from './templates/substitution.ts'
import { template as table } from './templates/table.ts'
import { template as typeCheck } from './templates/type-check.ts'

/** Every family of edits. To add one: a file in `templates/` and a line here. */
export const templates: readonly Template[] = [
  argument,
  assignment,
  boundary,
  comparator,
  condition,
  constant,
  guard,
  literal,
  missing,
  nesting,
  nullish,
  operand,
  operator,
  regularExpression,
  statement,
  substitution,
  table,
  typeCheck,
]
