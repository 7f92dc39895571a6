/**
 * Every expected failure in the studio is an {@link AtelierError}: a stable code that users can search for, a
 * message for people, what to do next, and the cause. Anything else that is thrown is a defect.
 */
export class AtelierError extends Error {
  override readonly name = 'AtelierError'
  /** Stable and documented in `docs/errors.md`, for example `ATL_SANDBOX_NO_NAMESPACES`. */
  readonly code: string
  /** One sentence that says what a person can do about it. */
  readonly remedy: string
  /** Whether trying the same thing again may succeed without anybody changing anything. */
  readonly retryable: boolean
  /** Machine-readable particulars; never secrets. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(definition: ErrorDefinition & { readonly code: string }, occurrence: ErrorOccurrence = {}) {
    const { detail, cause, details = {} } = occurrence
    super(
      detail === undefined ? definition.summary : `${definition.summary}: ${detail}`,
      cause === undefined ? undefined : { cause },
    )
    this.code = definition.code
    this.remedy = definition.remedy
    this.retryable = definition.retryable ?? false
    this.details = details
  }

  toJSON(): ErrorReport {
    return {
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      retryable: this.retryable,
      details: this.details,
    }
  }
}

/** What an error looks like when it is stored or sent. */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly retryable: boolean
  readonly details: Readonly<Record<string, unknown>>
}

export interface ErrorDefinition {
  /** What went wrong, as a sentence without a full stop. */
  readonly summary: string
  /** What to do next. */
  readonly remedy: string
  readonly retryable?: boolean
}

export interface ErrorOccurrence {
  readonly detail?: string
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

type ErrorFactory = ((occurrence?: ErrorOccurrence) => AtelierError) & {
  readonly code: string
  readonly definition: ErrorDefinition
}

const catalogue = new Map<string, ErrorDefinition>()

/**
 * Declares the errors of one area. Keys are appended to the area: `defineErrors('SANDBOX', { NO_NAMESPACES })`
 * yields the code `ATL_SANDBOX_NO_NAMESPACES`. Each folder keeps its own in a file called `errors.ts`, from which
 * `docs/errors.md` is generated.
 */
export function defineErrors<const D extends Readonly<Record<string, ErrorDefinition>>>(
  area: string,
  definitions: D,
): { readonly [K in keyof D]: ErrorFactory } {
  const factories = Object.entries(definitions).map(([key, definition]) => {
    const code = `ATL_${area}_${key}`
    if (catalogue.has(code)) throw new Error(`error code ${code} is declared twice`)
    catalogue.set(code, definition)
    const factory = (occurrence?: ErrorOccurrence): AtelierError =>
      new AtelierError({ ...definition, code }, occurrence)
    return [key, Object.assign(factory, { code, definition })] as const
  })
  return Object.fromEntries(factories) as { readonly [K in keyof D]: ErrorFactory }
}

/** The codes of groups of errors, for a tool to declare how it can fail. */
export function errorCodes(
  ...groups: readonly Readonly<Record<string, { readonly code: string }>>[]
): readonly string[] {
  return groups.flatMap((group) => Object.values(group).map(({ code }) => code))
}

/** All codes declared so far, sorted. */
export function errorCatalogue(): readonly (ErrorDefinition & { readonly code: string })[] {
  return [...catalogue]
    .map(([code, definition]) => ({ code, ...definition }))
    .sort((a, b) => a.code.localeCompare(b.code))
}

/** Of everything that nobody expected, here or in a studio elsewhere. */
export const defectCode = 'ATL_INTERNAL'

/** The report of any thrown value; what is not an {@link AtelierError} is a defect and reported as one. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof AtelierError) return error.toJSON()
  return {
    code: defectCode,
    message: error instanceof Error ? error.message : String(error),
    remedy: 'This is a defect in the studio. Please report it with the log of the run.',
    retryable: true,
    details: {},
  }
}
