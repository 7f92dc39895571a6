import { defineErrors } from '../../kernel/index.ts'

export const ownPolicyErrors = defineErrors('OWN_POLICY', {
  INVALID: {
    summary: 'The policies cannot come into force as they are',
    remedy: 'Correct what `problems` and `tests` name, then rehearse the draft again.',
  },
  SHIPPED_NOT_FOUND: {
    summary: 'No shipped policy has this id',
    remedy: 'See the policies in force; those that are shipped say so.',
  },
  NOT_REHEARSED: {
    summary: 'The draft has not been rehearsed against what is in force now',
    remedy: 'Rehearse it: its tests are run and it is simulated over past decisions. Then decide.',
  },
  BUSY: {
    summary: 'Too many policies are being tried out at the same time',
    remedy: 'Wait until another simulation has ended, then try again.',
    retryable: true,
  },
})
