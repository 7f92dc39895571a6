import { defineErrors } from '../../kernel/index.ts'

export const doorErrors = defineErrors('DOOR', {
  DENIED: {
    summary: 'Policy does not allow this',
    remedy:
      'The details name the policies that forbade it; none means that nothing permits it. Policies stand in the folder policies/.',
  },
  NOT_GRANTED: {
    summary: 'The agent was not granted this tool',
    remedy: 'Add the tool to the agent file if the agent is to have it.',
  },
  APPROVAL_MISSING: {
    summary: 'This needs an approval that is not there',
    remedy: 'Have a person who may approve decide with `atelier approve <run>`, then resume the run.',
  },
  INPUT_INVALID: {
    summary: 'The input does not fit what the tool accepts',
    remedy: 'Correct the input as the detail says; the schema of every tool is part of its declaration.',
  },
  OUTPUT_INVALID: {
    summary: 'The tool answered something that it never should',
    remedy: 'This is a defect in the tool. Please report it with the log of the run.',
  },
  PRECONDITION_FAILED: {
    summary: 'What the tool needs does not hold',
    remedy: 'See to what the detail names, then try again.',
  },
  POSTCONDITION_FAILED: {
    summary: 'The tool ended, but what it promises does not hold',
    remedy: 'This is a defect in the tool. Please report it with the log of the run.',
  },
  TOOL_DEFECT: {
    summary: 'The tool failed in a way nobody foresaw',
    remedy: 'This is a defect in the tool. Please report it with the log of the run.',
    retryable: true,
  },
  TOOL_INCOMPLETE: {
    summary: 'The tool causes external effects but lacks what makes them safe',
    remedy: 'Declare recover and approvedTree on the tool; src/contracts/tool.ts says what they do.',
  },
  DEADLINE: {
    summary: 'The tool did not end in time',
    remedy: 'Give the step more time in its workflow, or make its work smaller.',
    retryable: true,
  },
  CANCELLED: {
    summary: 'The act was cancelled',
    remedy: 'Nothing needs to be done; resume the run to go on.',
    retryable: true,
  },
  CIRCUIT_OPEN: {
    summary: 'The tool failed several times in a row and is given a rest',
    remedy: 'Try again after the time in the details, or look at its last failure.',
    retryable: true,
  },
  KEY_REUSED: {
    summary: 'The key of an act was used again for something else',
    remedy: 'This is a defect in the studio. Please report it with the log of the run.',
  },
  TAKEN_OVER: {
    summary: 'Another process went on with this act, so the result of this one was dropped',
    remedy: 'Nothing needs to be done: the other process records the result.',
    retryable: true,
  },
})
