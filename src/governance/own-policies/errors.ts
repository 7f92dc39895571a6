import { defineErrors } from '../../kernel/index.ts'

export const ownPolicyErrors = defineErrors('OWN_POLICY', {
  UNKNOWN: {
    summary: 'There is no draft of this policy',
    remedy: 'List the policies to see their names; write a draft first.',
  },
  INVALID: {
    summary: 'The draft cannot come into force as it is',
    remedy: 'Correct what `problems` and `tests` name, then rehearse it again.',
  },
  NOT_REHEARSED: {
    summary: 'The draft has not been rehearsed against what is in force now',
    remedy: 'Rehearse it: its tests are run and it is simulated over past decisions. Then decide.',
  },
  CHANGED: {
    summary: 'The draft is not the one that was shown',
    remedy: 'Read the draft again and decide about what it says now.',
  },
  BUSY: {
    summary: 'Too many policies are being tried out at the same time',
    remedy: 'Wait until another simulation has ended, then try again.',
    retryable: true,
  },
})
