import { z } from 'zod'
import type { Tool } from '../../contracts/index.ts'
import type { Clock } from '../../kernel/index.ts'

/** What an agent wants to know of a person. */
const questionSchema = z.strictObject({
  /** Its place in the agent's conversation; the key of the act that asks it. */
  id: z.string().min(1),
  question: z.string().min(1),
  /** What depends on the answer. */
  why: z.string(),
  options: z.array(z.string()),
})

const askedSchema = z.object({ askedAt: z.iso.datetime(), expiresAt: z.iso.datetime() })

/** A question that a step waits with, as its payload. */
export const openQuestionSchema = questionSchema.extend({ ...askedSchema.shape, askedBy: z.string() })
export type OpenQuestion = z.infer<typeof openQuestionSchema>

/** A question waits for a week. */
const lifetimeMs = 7 * 24 * 3_600_000

const aCall = { money: 0, tokens: 0, toolCalls: 1, seconds: 0 }

/** `person.ask`: puts on record that, when and by whom a person was asked. */
export function askTool(clock: Clock): Tool<z.infer<typeof questionSchema>, z.infer<typeof askedSchema>> {
  return {
    name: 'person.ask',
    summary: 'Asks a person, who has a week to answer.',
    input: questionSchema,
    output: askedSchema,
    effect: 'read',
    permissions: [],
    failureModes: [],
    worstCase: aCall,
    perform: () => {
      const now = clock.now()
      return Promise.resolve({
        askedAt: new Date(now).toISOString(),
        expiresAt: new Date(now + lifetimeMs).toISOString(),
      })
    },
  }
}

export const answerToolName = 'person.answer'

const answerInputSchema = z.strictObject({
  question: z.string(),
  text: z.string().trim().min(1, 'an answer has at least one word').max(8000),
})

export const answerOutputSchema = z.object({ text: z.string() })

/** `person.answer`: the answer, in the name of the person who gives it. Policies let nobody else use it. */
export const answerTool: Tool<z.infer<typeof answerInputSchema>, z.infer<typeof answerOutputSchema>> = {
  name: answerToolName,
  summary: 'Answers what an agent has asked.',
  input: answerInputSchema,
  output: answerOutputSchema,
  effect: 'read',
  permissions: [],
  failureModes: [],
  worstCase: aCall,
  perform: ({ text }) => Promise.resolve({ text }),
}
