import { defineErrors } from '../../kernel/index.ts'

export const oidcErrors = defineErrors('OIDC', {
  CONFIGURATION_INVALID: {
    summary: 'The file with the identity providers cannot be used',
    remedy: 'Correct what the message names; docs/identity.md describes every field.',
  },
  SECRET_MISSING: {
    summary: 'The secret of an identity provider is not in the environment',
    remedy: 'Set the variable that the message names, and start the studio again.',
  },
  PROVIDER_NOT_FOUND: {
    summary: 'There is no such identity provider',
    remedy: 'Choose one from the sign-in page.',
  },
  PROVIDER_UNAVAILABLE: {
    summary: 'The identity provider does not answer as it should',
    remedy: 'Try again in a moment. If it goes on, have its issuer address and its certificate checked.',
    retryable: true,
  },
  ATTEMPT_INVALID: {
    summary: 'This sign-in was not begun in this browser, has been used, or took too long',
    remedy: 'Begin again from the sign-in page.',
  },
  REFUSED: {
    summary: 'The identity provider did not confirm the sign-in',
    remedy: 'Begin again from the sign-in page. If it goes on, the registration at the provider is wrong.',
  },
  NO_ACCESS_FORBIDDEN: {
    summary: 'None of your groups has access to this studio',
    remedy: 'Ask an owner of the tenant which group you have to be in.',
  },
  PERSON_FORBIDDEN: {
    summary: 'The studio does not let this person in',
    remedy: 'Ask an owner of the tenant, or whoever runs this studio.',
  },
})
