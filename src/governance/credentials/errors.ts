import { defineErrors } from '../../kernel/index.ts'

export const signInErrors = defineErrors('SIGNIN', {
  LINK_INVALID: {
    summary: 'The link does not work: it is incomplete, has been used or has expired',
    remedy: 'Make a new one with `atelier owner-link` on the machine of the studio.',
  },
  CROSS_SITE: {
    summary: 'A page of another site may not act in your session',
    remedy: 'Use the studio from its own address.',
  },
  INTERACTIVE_ONLY: {
    summary: 'This takes somebody who is signed in with a browser',
    remedy: 'Sign in with a browser; an API token is not enough.',
  },
})

export const tokenErrors = defineErrors('TOKEN', {
  UNKNOWN: {
    summary: 'There is no such token',
    remedy: 'Use the token whole and unchanged; tokens are shown once. Make a new one if it is lost.',
  },
  EXPIRED: {
    summary: 'The token has expired',
    remedy: 'Make a new one, or sign in again with `atelier login`.',
  },
  REVOKED: {
    summary: 'The token has been revoked',
    remedy: 'Make a new one, or sign in again with `atelier login`.',
  },
  NOT_FOUND: {
    summary: 'There is no such token or session',
    remedy: 'List them and take the id from there.',
  },
  SCOPE_TOO_WIDE: {
    summary: 'A token cannot open more than the credential that it is made with',
    remedy: 'Leave out the scopes and projects that are named, or make it from a browser session.',
  },
  LIFETIME_INVALID: {
    summary: 'A token cannot live this long',
    remedy: 'Give it from one minute to 366 days.',
  },
})

/** What RFC 8628 calls these is in the answers of the device endpoints. */
export const deviceErrors = defineErrors('DEVICE', {
  CODE_UNKNOWN: {
    summary: 'There is no such code, or it has expired',
    remedy:
      'Compare it with the one that the command shows; after ten minutes, start again with `atelier login`.',
  },
  DECIDED: {
    summary: 'This sign-in has been decided already',
    remedy: 'Start again with `atelier login` if that was not you.',
  },
})

export const stepErrors = defineErrors('STEPTOKEN', {
  INVALID: {
    summary: 'The credential of the step does not hold',
    remedy:
      'Get a new one with the key of the task; one is good for minutes, for one step, audience and set of tools.',
  },
  LIFETIME_INVALID: {
    summary: 'The credential of a step cannot live this long',
    remedy: 'Give it from one second to fifteen minutes.',
  },
})
