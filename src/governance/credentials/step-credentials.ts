import { createLocalJWKSet, errors, jwtVerify, SignJWT } from 'jose'
import type { JWK } from 'jose'
import { z } from 'zod'
import { createId } from '../../kernel/index.ts'
import type { Clock, PrincipalId, RunId, TenantId } from '../../kernel/index.ts'
import { stepErrors } from './errors.ts'
import type { StepKeys } from './step-keys.ts'

/** What a step may be told apart by, and what it may do with the service that the credential is for. */
export interface StepGrant {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly stepId: string
  readonly attempt: number
  /** Who works on the step, and for whom. */
  readonly principalId: PrincipalId
  readonly onBehalfOf: PrincipalId | undefined
  readonly tools: readonly string[]
}

export interface StepCredentialRequest extends StepGrant {
  /** The service that is to verify it; no other accepts it. */
  readonly audience: string
  /** From 1,000 to 900,000. */
  readonly lifetimeMs: number
}

export const longestStepLifetimeMs = 15 * 60_000
/** What clocks of two machines may differ by. */
const toleranceSeconds = 5

const claimsSchema = z.object({
  sub: z.string().min(1),
  act_for: z.string().optional(),
  tenant: z.string().min(1),
  run: z.string().min(1),
  step: z.string().min(1),
  attempt: z.int().nonnegative(),
  tools: z.array(z.string()),
})

/**
 * A credential for one attempt at one step: a JSON Web Token, signed with EdDSA, that any service verifies by the
 * studio's published keys without asking the studio. It ends by itself within minutes, as nobody can take it back.
 * @throws ATL_STEPTOKEN_LIFETIME_INVALID
 */
export async function issueStepCredential(
  { keys, issuer, clock }: { readonly keys: StepKeys; readonly issuer: string; readonly clock: Clock },
  request: StepCredentialRequest,
): Promise<string> {
  const { lifetimeMs, audience, principalId, onBehalfOf, tenantId, runId, stepId, attempt, tools } = request
  if (!(lifetimeMs >= 1000 && lifetimeMs <= longestStepLifetimeMs)) throw stepErrors.LIFETIME_INVALID()
  const { id, privateKey } = await keys.current()
  const now = Math.floor(clock.now() / 1000)
  return new SignJWT({
    tenant: tenantId,
    run: runId,
    step: stepId,
    attempt,
    tools: [...tools],
    ...(onBehalfOf !== undefined && { act_for: onBehalfOf }),
  })
    .setProtectedHeader({ alg: 'EdDSA', kid: id, typ: 'atelier-step+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(principalId)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + Math.floor(lifetimeMs / 1000))
    .setJti(createId('cred'))
    .sign(privateKey)
}

/**
 * What a credential stands for. `audience` is who verifies it; `keys` are the studio's published ones.
 * @throws ATL_STEPTOKEN_INVALID for what is forged, expired, early, for somebody else, or no credential of a step.
 */
export async function verifyStepCredential(
  credential: string,
  expected: {
    readonly issuer: string
    readonly audience: string
    readonly keys: readonly JWK[]
    readonly clock: Clock
  },
): Promise<StepGrant> {
  try {
    const { payload } = await jwtVerify(credential, createLocalJWKSet({ keys: [...expected.keys] }), {
      issuer: expected.issuer,
      audience: expected.audience,
      algorithms: ['EdDSA'],
      typ: 'atelier-step+jwt',
      clockTolerance: toleranceSeconds,
      maxTokenAge: longestStepLifetimeMs / 1000,
      currentDate: new Date(expected.clock.now()),
      requiredClaims: ['sub', 'exp', 'nbf', 'jti'],
    })
    const claims = claimsSchema.parse(payload)
    return {
      tenantId: claims.tenant as TenantId,
      runId: claims.run as RunId,
      stepId: claims.step,
      attempt: claims.attempt,
      principalId: claims.sub as PrincipalId,
      onBehalfOf: claims.act_for as PrincipalId | undefined,
      tools: claims.tools,
    }
  } catch (cause) {
    if (cause instanceof errors.JOSEError) throw stepErrors.INVALID({ detail: cause.code, cause })
    if (cause instanceof z.ZodError) throw stepErrors.INVALID({ detail: 'claims', cause })
    throw cause
  }
}
