import { defineErrors } from '../../kernel/index.ts'

export const mcpErrors = defineErrors('MCP', {
  UNKNOWN_SERVER: {
    summary: 'No MCP server of this name is configured',
    remedy: 'Correct the name, or add the server to the configuration.',
  },
  CONFIGURATION_INVALID: {
    summary: 'The configuration of an MCP server is not valid',
    remedy: 'Correct the field that is named; docs/mcp.md describes all of them.',
  },
  SECRET_MISSING: {
    summary: 'A secret that an MCP server needs is not there',
    remedy: 'Store the secret under the name that the configuration has for it.',
  },
  UNREACHABLE: {
    summary: 'The MCP server cannot be reached',
    remedy:
      'Check that it runs, its address or command, and that its configuration allows the hosts it needs.',
    retryable: true,
  },
  NOT_ISOLATED: {
    summary: 'The program of an MCP server runs only in a sandbox, and there is none',
    remedy: 'Run the studio without `--sandbox none`, or use a server over HTTP.',
  },
  ENDED: {
    summary: 'The MCP server ended while it was asked',
    remedy: 'Read the end of what it printed; it is started again for the next call.',
  },
  TIMED_OUT: {
    summary: 'The MCP server did not answer in time',
    remedy: 'Ask for less at once, or raise `seconds` in the configuration of the server.',
  },
  FLOODED: {
    summary: 'The MCP server sent more than it may',
    remedy:
      'Ask for less at once. If it always does this, remove the server; nothing of what it sent was used.',
  },
  BAD_ANSWER: {
    summary: 'The MCP server answered with something that the protocol does not allow',
    remedy: 'Report it to whoever makes the server; nothing of what it sent was used.',
  },
  CALL_REFUSED: {
    summary: 'The MCP server refused the call',
    remedy: 'Read what it says, and correct the arguments of the call.',
  },
  RESULT_INVALID: {
    summary: 'The result of an MCP tool is not what its schema promises',
    remedy: 'Do not rely on this tool; report it to whoever makes the server.',
  },
  TOOL_CHANGED: {
    summary: 'An MCP tool is not the one that was accepted',
    remedy:
      'Work without it. A person has to look at the new definition and accept it before it can be used again.',
  },
  TOOL_GONE: {
    summary: 'The MCP server does not offer this tool any more',
    remedy: 'Work without it, or ask a person to look at the server.',
  },
  NOT_SEEN: {
    summary: 'This is not the definition that the MCP server offered last',
    remedy: 'List the tools of the server again and accept the digest that is shown now.',
  },
  ONLY_PEOPLE: {
    summary: 'Only a person can accept a tool of an MCP server',
    remedy: 'Ask a person to look at the definition and to accept it.',
  },
})
