import { defineErrors } from '../../kernel/index.ts'

export const agentErrors = defineErrors('AGENT', {
  INVALID: {
    summary: 'An agent file is not valid',
    remedy:
      'Correct the front matter of the file as the message says; docs/concepts.md describes its fields.',
  },
  UNKNOWN: {
    summary: 'The workflow names an agent that does not exist',
    remedy: 'Add the agent as a file under agents/, or correct the name in the workflow.',
  },
  TOOL_NOT_GRANTED: {
    summary: 'The agent has no grant for this tool',
    remedy: 'Add the tool to the `tools` of the agent file if the agent should have it.',
  },
})
