import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import type { ToolContext } from '../../contracts/index.ts'
import type { StepCredentialRequest } from '../../governance/credentials/index.ts'
import type { HttpServer } from './configuration.ts'

/** Who asks a server: a step at work, or a person who looks at what it offers. */
export type Asker = Pick<ToolContext, 'tenantId' | 'runId' | 'stepId' | 'attempt' | 'principal'>

/** Makes a credential of a step, for one service. */
export type IssueStepCredential = (request: StepCredentialRequest) => Promise<string>

/** The least seconds that a credential is good for: opening a session and listing tools may take as long. */
const leastSeconds = 30

/**
 * Shows a server the credential of the step with each request: made for this request, for exactly the tool that it calls
 * and for none where it calls none, and good for as long as a call may take. Nothing but the server's own address gets one.
 * There is no stream beside the calls, which would outlive every credential.
 */
export function presentingStep(
  fetch: FetchLike,
  {
    server,
    asker,
    issue,
  }: { readonly server: HttpServer; readonly asker: Asker; readonly issue: IssueStepCredential },
): FetchLike {
  const address = new URL(server.url).href
  const { tenantId, runId, stepId, attempt, principal } = asker
  const step = {
    tenantId,
    runId,
    stepId,
    attempt,
    principalId: principal.id,
    onBehalfOf: principal.onBehalfOf,
  }
  return async (target, init = {}) => {
    if (new URL(target).href !== address) return fetch(target, init)
    const headers = new Headers(init.headers)
    if (init.method === 'GET' && !headers.has('last-event-id')) return new Response(null, { status: 405 })
    const credential = await issue({
      ...step,
      audience: server.url,
      tools: toolsCalled(init.body),
      lifetimeMs: Math.max(leastSeconds, server.seconds) * 1000,
    })
    headers.set('authorization', `Bearer ${credential}`)
    return fetch(target, { ...init, headers })
  }
}

/** The tool that a message calls, if it is a call. */
function toolsCalled(body: RequestInit['body']): readonly string[] {
  if (typeof body !== 'string') return []
  const call = CallToolRequestSchema.safeParse(JSON.parse(body))
  return call.success ? [call.data.params.name] : []
}
