import { defineErrors } from '../kernel/index.ts'

const editDefinition = 'Correct the workflow definition at the place that is named and save it again.'

export const definitionErrors = defineErrors('WORKFLOW', {
  TOO_LARGE: {
    summary: 'The workflow definition is too large',
    remedy: 'Keep a definition under 1 MiB; move data into inputs or files that its steps read.',
  },
  NOT_YAML: {
    summary: 'The workflow definition is not acceptable YAML',
    remedy: 'Correct the YAML; aliases, anchors, tags and duplicate keys are not accepted.',
  },
  INVALID: {
    summary: 'The workflow definition does not have the required form',
    remedy: editDefinition,
  },
  DUPLICATE_STEP: {
    summary: 'Two steps of the workflow have the same id',
    remedy: 'Give every step an id of its own.',
  },
  UNKNOWN_NEED: {
    summary: 'A step needs a step that does not exist',
    remedy: 'Name only ids of steps of the same workflow under `needs`.',
  },
  CYCLE: {
    summary: 'Steps of the workflow need each other in a circle',
    remedy: 'Remove one of the needs that close the circle.',
  },
  BAD_EXPRESSION: {
    summary: 'An expression of the workflow is not valid CEL',
    remedy:
      'Use CEL over `inputs`, `steps.<id>.{status,output,error}` and, in a fan-out, `item` and `index`.',
  },
  NOT_AN_ANCESTOR: {
    summary: 'An expression refers to a step that need not have ended before',
    remedy: 'Add the step, directly or through others, to `needs`, or do not refer to it.',
  },
  BAD_DURATION: {
    summary: 'A duration of the workflow is out of range',
    remedy: 'Use a duration of at least one millisecond and at most 30 days, such as `90s` or `2h`.',
  },
  UNKNOWN_INPUT: {
    summary: 'An expression refers to an input that the workflow does not declare',
    remedy: 'Declare it under `inputs`, or do not refer to it.',
  },
  COMPENSATION: {
    summary: 'A step of this kind cannot have a compensation',
    remedy:
      'Give compensations to tool, agent, compute and validation steps; a sub-workflow compensates its own.',
  },
})

export const engineErrors = defineErrors('ENGINE', {
  ONE_PER_PROCESS: {
    summary: 'This process already runs an engine',
    remedy: 'Shut down the engine that runs before launching another one in the same process.',
  },
  NOT_LAUNCHED: {
    summary: 'The engine is not running',
    remedy: 'Launch the engine first; after a shutdown make a new one.',
  },
  UNKNOWN_DEFINITION: {
    summary: 'There is no such workflow definition',
    remedy: 'Save the definition first, or check its name and digest.',
  },
  NOT_APPROVED: {
    summary: 'The workflow definition is not approved',
    remedy: 'Have the definition approved; drafts and retired versions do not run.',
  },
  BAD_RUN_ID: {
    summary: 'The id of the run is not acceptable',
    remedy: 'Use up to 200 letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
  },
  MISSING_INPUT: {
    summary: 'A required input of the workflow is missing',
    remedy: 'Give every input that the definition declares as required.',
  },
  UNDECLARED_INPUT: {
    summary: 'The workflow declares no such input',
    remedy: 'Give only inputs that the definition declares.',
  },
  UNKNOWN_RUN: {
    summary: 'There is no such run',
    remedy: 'Check the id of the run; `atelier runs` lists them.',
  },
  RUN_ID_TAKEN: {
    summary: 'A run with this id was started with another definition or other inputs',
    remedy: 'Start the run under an id of its own, or repeat exactly the first request.',
  },
  UNKNOWN_STEP: {
    summary: 'The run has no such step',
    remedy: 'Check the id of the step; the plan of the run lists them.',
  },
  RUN_ENDED: {
    summary: 'The run has ended',
    remedy: 'Resume the run first, or start a new one.',
  },
  NOT_WAITING: {
    summary: 'The step is not waiting for an answer',
    remedy: 'Look at the state of the step; only a waiting step can be completed.',
  },
  ALREADY_COMPLETED: {
    summary: 'The step was already completed with a different answer',
    remedy: 'The first answer stands. Start a new run if another decision is needed.',
  },
  NOT_RESUMABLE: {
    summary: 'The run cannot be resumed',
    remedy: 'Only failed and cancelled runs can be resumed.',
  },
  BAD_PLAN: {
    summary: 'The plan cannot be revised this way',
    remedy: 'Keep the steps that have started as they are and revise only those that have not.',
  },
  NO_EXECUTOR: {
    summary: 'Nothing performs steps of this kind',
    remedy: 'Register an executor for the kind of step when the engine is created.',
  },
  STEP_TIMED_OUT: {
    summary: 'The step did not end before its deadline',
    remedy: 'Look at what the step was doing; raise its `timeout` if it only needs longer.',
    retryable: true,
  },
  STEP_CANCELLED: {
    summary: 'The step was stopped together with its run',
    remedy: 'Resume the run if it should go on.',
  },
  STEP_CRASHES: {
    summary: 'The process died again and again while it performed the step',
    remedy: 'Look at the memory and the logs of the machine at these times before resuming the run.',
  },
  EXPRESSION_FAILED: {
    summary: 'An expression of the step could not be evaluated',
    remedy:
      'Correct the expression, or guard it with `has(...)` or with the status of the step it refers to.',
  },
  NOT_A_LIST: {
    summary: 'The `over` of the step did not yield a list',
    remedy: 'Let `over` yield a list.',
  },
  TOO_MANY_ITEMS: {
    summary: 'The fan-out of the step is too large',
    remedy: 'Split the work: a fan-out may have at most 10,000 items.',
  },
  BAD_OUTPUT: {
    summary: 'The step answered something that cannot be stored',
    remedy:
      'Let the step answer plain JSON of at most 16 MiB; store larger results as evidence and answer a reference.',
  },
  ITEMS_FAILED: {
    summary: 'Items of the fan-out failed',
    remedy: 'Look at the errors of the items.',
  },
  CHILD_FAILED: {
    summary: 'The sub-workflow did not succeed',
    remedy: 'Look at the run of the sub-workflow, resume it or correct its cause, then resume this run.',
  },
  TOO_DEEP: {
    summary: 'Sub-workflows are nested too deeply',
    remedy: 'Nest at most 8 workflows; a workflow that starts itself has no end.',
  },
})
