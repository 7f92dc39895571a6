/** What people are told about something that failed: what, what to do next, and the code to search for. */
export interface Failure {
  readonly message: string
  readonly remedy: string
  readonly code: string
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '')
}

function textOf(error: object, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads a problem of the API, a cut connection or a defect of this page into words for people. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof Error) {
    const code = textOf(error, 'code')
    const remedy = textOf(error, 'remedy')
    if (code === 'ATL_DOOR_DENIED') {
      return {
        message: 'You are not allowed to do this',
        remedy: `Policies decide it by your roles and your part in the work; an owner can give you another role. ${sentence(error.message)}.`,
        code,
      }
    }
    if (code === 'ATL_API_TOO_MANY_REQUESTS') {
      return {
        message: 'The studio was asked too often',
        remedy: 'It answers so many requests in a minute and no more. Wait a moment, then try again.',
        code,
      }
    }
    if (code !== undefined && remedy !== undefined) return { message: sentence(error.message), remedy, code }
    if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) {
      return {
        message: 'The studio cannot be reached',
        remedy:
          'Check the connection and whether the studio runs (npm start). Nothing was changed that you were not told of.',
        code: 'WEB_UNREACHABLE',
      }
    }
    return {
      message: 'This page has come upon a defect',
      remedy: `Load it again; if it stays, report this: ${error.message}`,
      code: 'WEB_DEFECT',
    }
  }
  return { message: 'Something failed', remedy: 'Load the page again.', code: 'WEB_DEFECT' }
}

/** The HTTP status of a refused request; undefined for everything else. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const status: unknown = Reflect.get(error, 'status')
  return typeof status === 'number' ? status : undefined
}

/**
 * Whether a request that failed may have been carried out all the same: nobody answered, or something between here and the
 * studio did. What the studio itself refused has not happened.
 */
export function mayHaveArrived(error: unknown): boolean {
  const status = statusOf(error)
  return status === undefined || status === 0 || status >= 502
}
