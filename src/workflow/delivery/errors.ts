import { defineErrors } from '../../kernel/index.ts'

export const deliveryErrors = defineErrors('DELIVERY', {
  AGENT_NEEDS_MODEL: {
    summary: 'The agent needs a model, and none is configured',
    remedy: 'Use an agent whose file says `model: none`.',
  },
  ACTOR_UNKNOWN: {
    summary: 'A step is to be done by somebody who is not registered',
    remedy: 'Register the agent as a principal, or correct its name in the workflow.',
  },
})
