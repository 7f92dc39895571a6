/** A way to sign in that the studio offers. */
export interface Provider {
  readonly id: string
  readonly name: string
}

function isProvider(value: unknown): value is Provider {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'id') === 'string' &&
    typeof Reflect.get(value, 'name') === 'string'
  )
}

async function read(response: Response): Promise<object> {
  const body: unknown = await response.json()
  return typeof body === 'object' && body !== null ? body : {}
}

/** The organisation's identity providers; none where the studio has none, or serves only this machine. */
export async function listProviders(signal: AbortSignal): Promise<readonly Provider[]> {
  const response = await fetch('/auth/providers', { signal })
  if (!response.ok) return []
  const providers: unknown = Reflect.get(await read(response), 'providers')
  return Array.isArray(providers) ? providers.filter(isProvider) : []
}

/** Where to sign in with a provider, to come back to an address of this application. */
export function signInAddress({ id }: Provider, back: string): string {
  return `/auth/login/${encodeURIComponent(id)}?return=${encodeURIComponent(back)}`
}

/** Ends the session; answers where to go now, which may be the provider's own sign-out. */
export async function signOut(): Promise<string> {
  const response = await fetch('/auth/logout', { method: 'POST' })
  if (!response.ok) throw new TypeError('fetch of the sign-out failed')
  const location: unknown = Reflect.get(await read(response), 'location')
  return typeof location === 'string' ? location : '/sign-in'
}
