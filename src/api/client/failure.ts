import type { Problem } from '../../contracts/api/index.ts'

/** The studio refused or failed; carries what it said. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }

  get code(): string {
    return this.problem.code
  }

  get status(): number {
    return this.problem.status
  }

  get remedy(): string {
    return this.problem.remedy
  }
}

/** What a response with an error status says; something else than the studio may have sent it. */
export async function failureOf(response: Response): Promise<RequestFailure> {
  const text = await response.text()
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') ?? false
  return new RequestFailure(isProblem ? (JSON.parse(text) as Problem) : foreignProblem(response))
}

/** What was answered is nothing that the studio says. */
export function unexpectedAnswer(response: Response): RequestFailure {
  return new RequestFailure(foreignProblem(response))
}

function foreignProblem({ status, url }: Response): Problem {
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status,
    detail: `something at ${url} answered with status ${status}, and not the studio`,
    instance: '',
    code: 'ATL_CLIENT_UNEXPECTED_ANSWER',
    remedy: 'Make sure that the address is the studio’s, and look at what stands before it.',
    retryable: status >= 500,
    details: {},
  }
}

/** Nobody answered. */
export function unreachable(url: string, cause: unknown): RequestFailure {
  const failure = new RequestFailure({
    type: 'about:blank',
    title: 'Unreachable',
    status: 0,
    detail: `the studio at ${url} cannot be reached`,
    instance: '',
    code: 'ATL_CLIENT_UNREACHABLE',
    remedy: 'Make sure that the studio runs there (`atelier serve`) and that the network lets you through.',
    retryable: true,
    details: {},
  })
  failure.cause = cause
  return failure
}
