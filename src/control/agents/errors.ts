import { defineErrors } from '../../kernel/index.ts'

export const agentErrors = defineErrors('AGENT', {
  INVALID: {
    summary: 'An agent file is not valid',
    remedy: 'Correct the front matter of the file as the message says; docs/agents.md describes its fields.',
  },
  UNKNOWN: {
    summary: 'The workflow names an agent that does not exist',
    remedy: 'Add the agent as a file under agents/, or correct the name in the workflow.',
  },
  TOOL_NOT_GRANTED: {
    summary: 'The agent has no grant for this tool',
    remedy: 'Add the tool to the `tools` of the agent file if the agent should have it.',
  },
  WIDENED: {
    summary: 'An agent file of a project takes more than it may',
    remedy:
      'A later file of the same name can only narrow: drop the tool, lower the limit, or give the agent a name of its own.',
  },
  WITHOUT_MODEL: {
    summary: 'The agent works without a model, and a model was to play it',
    remedy: 'Give the agent file a `model` policy, or name another agent.',
  },
  OUTPUT_UNKNOWN: {
    summary: 'The agent answers with a typed result that does not exist',
    remedy: 'Correct `output` of the agent file; docs/agents.md lists the typed results.',
  },
  TOOL_MISSING: {
    summary: 'A tool that the agent file grants is not there',
    remedy: 'Correct the name under `tools` of the agent file, or connect the server that offers the tool.',
  },
  RESULT_WRONG: {
    summary: 'A tool has not kept what it promises',
    remedy: 'Look at what the tool did; if it should be right, report the defect with the log of the run.',
  },
  CHAIN_UNKNOWN: {
    summary: 'There is no prompt chain of this name',
    remedy: 'Correct `uses` of the step in the workflow; docs/agents.md lists the chains.',
  },
  RECORD_DIFFERS: {
    summary: 'What the agent asks now is not what the record says it asked',
    remedy:
      'Agent file, tools or instructions have changed since the work began. Start the step anew, or go on with the version that began it.',
  },
})
