import { defineErrors } from '../../kernel/index.ts'

export const modelServerErrors = defineErrors('MODEL_SERVER', {
  SCENARIO_UNREADABLE: {
    summary: 'The scenario cannot be read',
    remedy: 'Name a YAML file of at most 4 MiB, or one of the scenarios under models/scenarios/.',
  },
  SCENARIO_INVALID: {
    summary: 'The scenario is not valid',
    remedy: 'Correct the file at the place named; docs/testing-with-models.md describes every field.',
  },
  FAULTS_INVALID: {
    summary: 'The misbehaviour asked for is not possible',
    remedy:
      'Name faults as docs/testing-with-models.md lists them, with probabilities from 0 to 1 that sum up to 1 at most.',
  },
  CANNOT_LISTEN: {
    summary: 'The model server cannot listen there',
    remedy: 'Choose another port or socket, or port 0 for any free one.',
  },
})
