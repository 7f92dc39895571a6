import { type Breaker, fine } from './breaker.ts'

/** Answers that nothing can be done with are told to the model, counted and bounded. */
export const format: Breaker = (turns, { formatErrors }) => {
  const well = turns.findLastIndex(({ malformed }) => !malformed)
  const malformed = turns.length - 1 - well
  return malformed >= formatErrors
    ? { kind: 'stop', reason: `${malformed} answers in a row could not be used` }
    : fine
}
