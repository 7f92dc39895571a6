import { type Breaker, fine } from './breaker.ts'

/** An agent that keeps calling what it was not given is lost or led astray. */
export const refusedTools: Breaker = (turns, { refusals }) => {
  const refused = turns.reduce((sum, turn) => sum + turn.refused, 0)
  return refused >= refusals
    ? { kind: 'stop', reason: `${refused} calls of tools that it was not granted` }
    : fine
}
