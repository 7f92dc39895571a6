import { z } from 'zod'
import { isObject, parseJson } from './json-access.ts'

const providerDataSchema = z.record(z.string(), z.record(z.string(), z.json()))
type ProviderData = z.infer<typeof providerDataSchema>

const mark = 'atelier1.'

/**
 * What a provider wants back with a part, as one opaque text: protocols have a place for the text of one provider, and
 * here goes what any other gave, so that a conversation goes on with it.
 */
export function packProviderData(data: ProviderData): string {
  return mark + Buffer.from(JSON.stringify(data)).toString('base64url')
}

/** Undefined when the text was not made by {@link packProviderData}. */
export function unpackProviderData(text: string): ProviderData | undefined {
  if (!text.startsWith(mark)) return undefined
  const value = parseJson(Buffer.from(text.slice(mark.length), 'base64url').toString('utf8'))
  const parsed = providerDataSchema.safeParse(isObject(value) ? value : undefined)
  return parsed.success ? parsed.data : undefined
}
