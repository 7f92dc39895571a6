import { z } from 'zod'
import { joinText } from '../conversation.ts'
import { Denial } from '../denial.ts'

/** Checks a body, naming the first thing that is wrong as a provider would. */
export function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw Denial.badRequest(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not valid'}`)
}

const textBlock = z.looseObject({ text: z.string().optional(), refusal: z.string().optional() })

/** The texts of a content that is either text or a list of blocks; images and files count as nothing. */
export const contentText = z.union([z.string(), z.array(textBlock), z.null()]).transform((content) => {
  if (typeof content === 'string') return content
  return joinText((content ?? []).map(({ text, refusal }) => text ?? refusal ?? ''))
})

/** What is not JSON stands as text where an object belongs. */
export function inputOf(input: string): unknown {
  try {
    return JSON.parse(input)
  } catch {
    return input
  }
}
