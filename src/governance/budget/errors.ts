import { defineErrors } from '../../kernel/index.ts'

export const budgetErrors = defineErrors('BUDGET', {
  EXHAUSTED: {
    summary: 'The budget does not allow this',
    remedy:
      'Have an operator or owner raise the limit named in the details, then resume the run; the limits of an agent stand in its file under agents/.',
  },
  LIMIT_BELOW_USE: {
    summary: 'The limit is lower than what is already spent and reserved',
    remedy: 'Choose a limit at or above the amount in the details, or wait until reservations are settled.',
  },
  AMOUNT_INVALID: {
    summary: 'An amount is not a whole number that is zero or more',
    remedy: 'Give money in millionths of the currency, and tokens, tool calls and seconds as whole numbers.',
  },
  ALREADY_SETTLED: {
    summary: 'The reservation has ended already',
    remedy: 'Nothing is wrong with the budget: another process went on with the same act.',
  },
})
