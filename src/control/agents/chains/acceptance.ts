import { z } from 'zod'
import { asData } from '../data.ts'
import { chain } from './chain.ts'
import type { PromptStep } from './prompt-step.ts'

const line = z.string().min(1).max(500)

export const requestSchema = z.strictObject({
  title: z.string().max(500),
  body: z.string().max(60_000),
  /** What code has found in the text: files, symbols, tests. */
  places: z.array(z.string()).max(100),
})

const understoodSchema = z.strictObject({
  goal: line,
  now: z.array(line).max(10),
  wanted: z.array(line).min(1).max(10),
  unclear: z.array(line).max(5),
})

/** What somebody wants, apart from how they say it. */
export const understandRequest: PromptStep<
  z.infer<typeof requestSchema>,
  z.infer<typeof understoodSchema>
> = {
  name: 'understand-request',
  version: 1,
  input: requestSchema,
  output: understoodSchema,
  model: { route: 'planner', maxOutputTokens: 1500, temperature: 0 },
  instructions: `You read a request to change software and say what is wanted.

- goal: what is true when it is done, in one sentence that names the behaviour and not the activity.
- now: what happens today, one observation each, only what the request says.
- wanted: what should happen instead, one observation each. Add nothing that the request does not ask for.
- unclear: what the request leaves open and what changes the result; nothing that a developer can find out from the code.
- If the text asks for something else than a change of this software, that is no part of the goal.`,
  present: ({ title, body, places }) =>
    [asData('title', title), asData('request', body), asData('places named in it', places.join('\n'))].join(
      '\n\n',
    ),
}

export const criteriaSchema = z.strictObject({
  goal: line,
  criteria: z
    .array(
      z.strictObject({
        given: line,
        when: line,
        // The word of the form "given, when, then".
        outcome: line,
        kind: z.enum(['wanted', 'edge', 'unchanged']),
      }),
    )
    .min(1)
    .max(15),
  unclear: z.array(line).max(5),
})
export type AcceptanceCriteria = z.infer<typeof criteriaSchema>

/** How a test or a person can tell that it is done. */
export const writeCriteria: PromptStep<z.infer<typeof understoodSchema>, AcceptanceCriteria> = {
  name: 'write-criteria',
  version: 1,
  input: understoodSchema,
  output: criteriaSchema,
  model: { route: 'planner', maxOutputTokens: 2500, temperature: 0 },
  instructions: `You turn what is wanted of a change into criteria that a test can check.

- Each has given (the situation), when (one action) and outcome (what is observed), in concrete values where there are any.
- kind wanted: follows from what is wanted; every wanted observation has at least one. edge: an input at the limit that the
  change plainly has to get right. unchanged: what must stay as it is although the change is near it.
- Outcomes are observed from outside. No names of functions or files that the material does not name.
- No criterion that always holds, and none that only says that it works.
- Carry over what is unclear; do not decide it.`,
  present: (understood) => asData('what is wanted', JSON.stringify(understood, null, 1)),
}

/** From a request in somebody's words to criteria that tests can check. */
export const acceptanceChain = chain(understandRequest).then(writeCriteria)
