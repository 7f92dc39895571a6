import { defineErrors } from '../../kernel/index.ts'

export const routingErrors = defineErrors('ROUTING', {
  FILE_INVALID: {
    summary: 'The routing file cannot be used',
    remedy: 'Correct the place that is named; docs/routing.md describes the file.',
  },
  RULE_FAILS: {
    summary: 'A routing rule cannot be evaluated',
    remedy: 'Correct the expression of the rule; `atelier route explain` shows what it sees.',
  },
})
