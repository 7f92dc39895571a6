import { defineErrors } from '../../kernel/index.ts'

export const policyErrors = defineErrors('POLICY', {
  INVALID: {
    summary: 'A policy file is not valid',
    remedy: 'Correct the file at the place named; policies are checked against policies/schema.cedarschema.',
  },
  SCHEMA_INVALID: {
    summary: 'The policy schema is not valid',
    remedy: 'Restore policies/schema.cedarschema from the release you installed.',
  },
  UNREADABLE: {
    summary: 'The policies cannot be read',
    remedy: 'Check that the policy folder exists and that the studio may read it.',
  },
  TESTS_INVALID: {
    summary: 'A file of policy tests is not valid',
    remedy: 'Correct the file at the place named; policies/tests/guardrails.yaml is an example.',
  },
})
