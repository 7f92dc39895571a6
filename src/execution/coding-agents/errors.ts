import { defineErrors } from '../../kernel/index.ts'

export const codingAgentErrors = defineErrors('CODING_AGENT', {
  UNKNOWN: {
    summary: 'No coding agent is known by this name',
    remedy: 'Name one that docs/coding-agents.md lists.',
  },
  NOT_INSTALLED: {
    summary: 'The coding agent is not installed',
    remedy: 'Install its package into the folder that is named; docs/coding-agents.md says how.',
  },
  NO_ISOLATION: {
    summary: 'A coding agent of somebody else runs only in a sandbox of namespaces',
    remedy: 'Run the studio where `atelier doctor` finds sandboxes usable, without `--sandbox none`.',
  },
  PROTOCOL_NOT_SERVED: {
    summary: 'The coding agent speaks a protocol that the model gateway does not',
    remedy: 'Choose another agent; docs/coding-agents.md says which protocol each one speaks.',
  },
  NO_GATEWAY: {
    summary: 'The way from the sandbox to the model gateway could not be opened',
    remedy:
      'Check that the gateway listens on the socket that is named and that every account may connect to it.',
    retryable: true,
  },
  BROKEN_PROTOCOL: {
    summary: 'The coding agent does not speak the Agent Client Protocol as it should',
    remedy:
      'Look at what the agent wrote to its standard error, and try a version that docs/coding-agents.md names.',
  },
  NO_FILE: {
    summary: 'There is no such file in the workspace',
    remedy: 'Use the path of an ordinary file below the root of the workspace.',
  },
  LIMIT_REACHED: {
    summary: 'The coding agent asks for more than it may use',
    remedy: 'Raise the limits in its agent file if the work needs them.',
  },
  NOT_GRANTED: {
    summary: 'The coding agent has no grant for what it asks',
    remedy: 'Add the tool to the `tools` of the agent file if the agent should have it.',
  },
})
