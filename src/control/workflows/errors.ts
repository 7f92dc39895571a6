import { defineErrors } from '../../kernel/index.ts'

export const workflowErrors = defineErrors('WORKFLOWS', {
  UNKNOWN: {
    summary: 'There is no such workflow',
    remedy: 'List the workflows to see their names.',
  },
  NOT_READY: {
    summary: 'The workflow cannot be used as it is',
    remedy: 'Correct what `problems` names, each with its line and column; then it can be approved.',
  },
})
