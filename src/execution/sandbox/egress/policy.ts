import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import type { AllowedHost, EgressPolicy } from '../port.ts'
import { isPublicAddress } from './addresses.ts'

/** Why a sandbox may not connect somewhere. */
export type EgressRefusal =
  | 'not-on-the-allow-list'
  | 'name-not-resolved'
  | 'private-address'
  | 'not-tls'
  | 'other-name-in-tls'
  | 'limit-reached'

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly Pick<LookupAddress, 'address'>[]>

export type EgressVerdict =
  | { readonly allowed: true; readonly address: string }
  | { readonly allowed: false; readonly reason: EgressRefusal }

/** The entry that permits a destination, or undefined. Names are compared without case and without a final dot. */
export function matchHost(policy: EgressPolicy, host: string, port: number): AllowedHost | undefined {
  if (policy.kind === 'none') return undefined
  const name = plainName(host)
  return policy.hosts.find((entry) => {
    if (entry.port !== port) return false
    const pattern = plainName(entry.host)
    return pattern.startsWith('*.') && isIP(name) === 0 ? name.endsWith(pattern.slice(1)) : name === pattern
  })
}

/**
 * Decides about a destination and names the one address to connect to, so that a name cannot resolve to something else
 * after it was checked. A name with any address that is not public is refused unless its entry permits that.
 */
export async function judge(
  policy: EgressPolicy,
  host: string,
  port: number,
  resolve: Resolve,
): Promise<EgressVerdict> {
  const entry = matchHost(policy, host, port)
  if (entry === undefined) return { allowed: false, reason: 'not-on-the-allow-list' }
  let addresses: readonly Pick<LookupAddress, 'address'>[]
  try {
    addresses = isIP(plainName(host)) === 0 ? await resolve(plainName(host)) : [{ address: plainName(host) }]
  } catch {
    return { allowed: false, reason: 'name-not-resolved' }
  }
  const [first] = addresses
  if (first === undefined) return { allowed: false, reason: 'name-not-resolved' }
  if (entry.allowPrivate !== true && !addresses.every(({ address }) => isPublicAddress(address)))
    return { allowed: false, reason: 'private-address' }
  return { allowed: true, address: first.address }
}

export function plainName(host: string): string {
  return host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[|\]$/g, '')
}
