import { defineErrors } from '../../kernel/index.ts'

export const planningErrors = defineErrors('PLAN', {
  BREAKS_CONSTRAINT: {
    summary: 'The plan breaks a constraint, so it was not started',
    remedy: 'Change the workflow, the agent’s grants or the budget as the message says, then submit again.',
  },
})
