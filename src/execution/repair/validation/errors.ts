import { defineErrors } from '../../../kernel/index.ts'

export const validationErrors = defineErrors('VALIDATION', {
  WORKER_FAILED: {
    summary: 'The process that tries candidates could not be started or ended again and again',
    remedy:
      'Look at the detail. If memory ran out, give the sandbox more of it; otherwise run the tests by hand in the workspace.',
    retryable: true,
  },
})
