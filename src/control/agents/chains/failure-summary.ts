import { z } from 'zod'
import { type Escalation, escalationSchema } from '../../../contracts/index.ts'
import { asData } from '../data.ts'
import { escalationMarkdown } from '../loop/escalation.ts'
import { chain } from './chain.ts'
import type { PromptStep } from './prompt-step.ts'

const line = z.string().min(1).max(400)

const explanationSchema = z.strictObject({
  hypothesis: line,
  against: z.array(line).max(3),
  nextStep: line,
})

/** What several attempts that failed say together about the cause. */
export const explainFailure: PromptStep<Escalation, z.infer<typeof explanationSchema>> = {
  name: 'explain-failure',
  version: 1,
  input: escalationSchema,
  output: explanationSchema,
  model: { route: 'planner', maxOutputTokens: 800, temperature: 0 },
  instructions: `Attempts to change software did not succeed, and a person takes over. Say in ten seconds' reading what they show.

- hypothesis: the cause that explains most of what was seen, with its place as file:line if the material names one. Say that it
  is not known if nothing points to a cause.
- against: what in the material does not fit it.
- nextStep: the one thing a person should look at or do first.
- Use only what the material shows. Results count, what an agent believed does not.`,
  present: (escalation) => asData('what was tried', escalationMarkdown(escalation)),
}

/** The ten-second table with a hypothesis that weighs all attempts; everything else in it stays what the studio saw. */
export const failureSummary = chain(explainFailure).map(
  ({ hypothesis, against, nextStep }, escalation): Escalation => ({
    ...escalation,
    hypothesis: [
      hypothesis,
      ...(against.length === 0 ? [] : [`Against it: ${against.join('; ')}`]),
      `First: ${nextStep}`,
    ].join(' — '),
  }),
)
