import type { Dispatcher, fetch as UndiciFetch } from 'undici'

/**
 * `fetch` over the connections of one upstream. Redirects are not followed: they would carry credentials to where
 * nobody configured them to go.
 */
export function fetchThrough(
  undiciFetch: typeof UndiciFetch,
  dispatcher: Dispatcher,
): typeof globalThis.fetch {
  return async (input, { method = 'GET', headers, body, signal } = {}) => {
    if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))
      throw new TypeError('only text and bytes are sent to providers')
    return undiciFetch(urlOf(input), {
      dispatcher,
      method,
      headers: Object.fromEntries(new Headers(headers)),
      redirect: 'error',
      ...(body != null && { body }),
      ...(signal && { signal }),
    })
  }
}

function urlOf(input: Parameters<typeof globalThis.fetch>[0]): string | URL {
  return typeof input === 'string' || input instanceof URL ? input : input.url
}
