/** How the studio's pages are reached, which decides what cookies can promise. */
export interface PublicAddress {
  /** Without a slash at the end: `https://studio.example.org`, `http://127.0.0.1:4680`. */
  readonly url: string
}

/**
 * The cookie of a session. Over https its name makes browsers hold it to one host, one path and encryption (RFC 6265bis,
 * section 4.1.3.2); plain http, which is for this machine alone, cannot have that.
 */
export function sessionCookieName({ url }: PublicAddress): string {
  return isSecure(url) ? '__Host-atelier' : 'atelier'
}

/** Sent along when somebody follows a link to the studio, and never with what another site posts. */
export function cookie(
  address: PublicAddress,
  name: string,
  value: string,
  { maxAgeSeconds, path = '/' }: { readonly maxAgeSeconds: number; readonly path?: string },
): string {
  const secure = isSecure(address.url) ? '; Secure' : ''
  return `${name}=${value}; Path=${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`
}

/** The value of a cookie in a `Cookie` header. Of several of the name, the first counts. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key = '', value] = pair.split('=', 2)
    if (key.trim() === name) return value?.trim()
  }
  return undefined
}

function isSecure(url: string): boolean {
  return url.startsWith('https:')
}
