import { defineErrors } from '../../kernel/index.ts'

export const deliveryErrors = defineErrors('DELIVERY', {
  AGENT_NEEDS_MODEL: {
    summary: 'The agent needs a model, and none is configured',
    remedy: 'Use an agent whose file says `model: none`.',
  },
  CHAIN_FAILED: {
    summary: 'A prompt chain came to no answer',
    remedy:
      'The detail says which step and why: correct what the workflow gives it, or use a more able model for its route. With `onFailure: continue` the run goes on without it.',
  },
  ACTOR_UNKNOWN: {
    summary: 'A step is to be done by somebody who is not registered',
    remedy: 'Register the agent as a principal, or correct its name in the workflow.',
  },
})
