/** A browser without pages: it keeps cookies by host, follows redirections, and fills in forms. */
export interface PlainBrowser {
  /** Follows redirections until an answer is none, or until `stopAt` says so of the next address. */
  get(url: string, stopAt?: (url: string) => boolean): Promise<BrowserAnswer>
  post(
    url: string,
    form: Readonly<Record<string, string>>,
    stopAt?: (url: string) => boolean,
  ): Promise<BrowserAnswer>
  /** The cookies that would be sent there. */
  cookiesFor(url: string): string
  setCookie(url: string, header: string): void
}

interface BrowserAnswer {
  readonly status: number
  /** Where it came from, or where it stopped before. */
  readonly url: string
  readonly text: string
}

export function createPlainBrowser(): PlainBrowser {
  const jars = new Map<string, Map<string, string>>()
  const jarOf = (url: string): Map<string, string> => {
    const { host } = new URL(url)
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    return jar
  }
  const cookiesFor = (url: string): string =>
    [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  const setCookie = (url: string, header: string): void => {
    const [pair = '', ...attributes] = header.split(';')
    const [name = '', ...value] = pair.split('=')
    const gone = attributes.some((attribute) =>
      /^\s*(?:max-age=0|expires=Thu, 01 Jan 1970.*)$/i.test(attribute),
    )
    if (gone) jarOf(url).delete(name.trim())
    else jarOf(url).set(name.trim(), value.join('='))
  }
  const load = async (
    url: string,
    init: RequestInit,
    stopAt: (url: string) => boolean,
  ): Promise<BrowserAnswer> => {
    const headers = { ...(init.headers as Record<string, string> | undefined), cookie: cookiesFor(url) }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const header of response.headers.getSetCookie()) setCookie(url, header)
    const location = response.headers.get('location')
    if (location === null) return { status: response.status, url, text: await response.text() }
    await response.body?.cancel()
    const next = new URL(location, url).href
    if (stopAt(next)) return { status: response.status, url: next, text: '' }
    return load(next, {}, stopAt)
  }
  return {
    get: (url, stopAt = () => false) => load(url, {}, stopAt),
    post: (url, form, stopAt = () => false) =>
      load(
        url,
        {
          method: 'POST',
          body: new URLSearchParams(form).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
        stopAt,
      ),
    cookiesFor,
    setCookie,
  }
}
