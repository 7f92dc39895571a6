import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repositoryErrors } from './errors.ts'

/** Where a repository lives, after everything that git could take for an option or a helper has been refused. */
export type Location =
  | { readonly kind: 'local'; readonly path: string; readonly display: string }
  | { readonly kind: 'remote'; readonly url: string; readonly host: string; readonly display: string }

/**
 * Parses what a person or a work item named. A path is resolved against `workingDirectory` and its symbolic links are
 * followed, so that one repository has one location.
 *
 * Refused: options (`-u…`), remote helpers (`ext::…`), protocols other than file, ssh and https (http only to the
 * loopback interface), passwords in URLs (they would end in logs and process lists), hosts that ssh reads as options.
 */
export async function parseLocation(text: string, workingDirectory: string): Promise<Location> {
  const refuse = (detail: string) => repositoryErrors.LOCATION_REFUSED({ detail })
  const location = text.trim()
  if (location === '') throw refuse('it is empty')
  if (/[\u0000-\u001f\u007f]/.test(location)) throw refuse('it contains control characters')
  if (location.startsWith('-')) throw refuse('it starts with a dash, as an option does')
  if (/^[A-Za-z0-9+.-]+::/.test(location)) throw refuse('it names a remote helper')
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return parseUrl(location)
  if (isAbsolute(location) || location.startsWith('.'))
    return localLocation(resolve(workingDirectory, location))
  const path = resolve(workingDirectory, location)
  if (!location.includes(':') || (await exists(path))) return localLocation(path)
  return parseScpAddress(location)
}

async function parseUrl(location: string): Promise<Location> {
  if (!URL.canParse(location)) {
    throw repositoryErrors.LOCATION_REFUSED({ detail: 'it is not a well-formed URL' })
  }
  const url = new URL(location)
  if (url.password !== '') {
    throw repositoryErrors.LOCATION_REFUSED({ detail: 'it contains a password or token' })
  }
  switch (url.protocol) {
    case 'file:':
      if (url.hostname !== '' && url.hostname !== 'localhost') {
        throw repositoryErrors.LOCATION_REFUSED({ detail: 'a file URL may not name a host' })
      }
      return localLocation(fileURLToPath(`file://${url.pathname}`))
    case 'https:':
    case 'ssh:':
      break
    case 'http:':
      if (isLoopback(url.hostname)) break
      throw repositoryErrors.LOCATION_REFUSED({ detail: 'http is not encrypted; use https' })
    default:
      throw repositoryErrors.LOCATION_REFUSED({ detail: `the protocol ${url.protocol} is not allowed` })
  }
  if (url.hostname === '') throw repositoryErrors.LOCATION_REFUSED({ detail: 'the URL names no host' })
  refuseOptionLike(decodeURIComponent(url.hostname), decodeURIComponent(url.username))
  if (url.search !== '' || url.hash !== '') {
    throw repositoryErrors.LOCATION_REFUSED({ detail: 'a repository URL has no query and no fragment' })
  }
  return { kind: 'remote', url: url.href, host: url.host, display: url.href }
}

/** `user@host:path`, as ssh and git write it. */
function parseScpAddress(location: string): Location {
  const match = /^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9._-]+):([^:].*)$/.exec(location)
  const [, user = '', host, path] = match ?? []
  if (host === undefined || path === undefined) {
    throw repositoryErrors.LOCATION_REFUSED({ detail: 'it is neither a path nor a URL nor `user@host:path`' })
  }
  refuseOptionLike(host, user, path)
  return { kind: 'remote', url: location, host, display: location }
}

/** Host and path of a remote repository, as hosts of repositories take them: over whatever protocol, with `.git` or without. */
export function addressOf({ url }: Extract<Location, { readonly kind: 'remote' }>): string {
  const isUrl = /^[a-z]+:\/\//i.test(url)
  const { hostname, port, pathname } = new URL(
    isUrl ? url : url.replace(/^(?:[^@]+@)?([^:]+):\/?/, 'ssh://$1/'),
  )
  const path = pathname.replace(/\/+$/, '').replace(/\.git$/i, '')
  return `${hostname.toLowerCase()}${port === '' || port === '22' ? '' : `:${port}`}${path}`
}

function refuseOptionLike(...parts: readonly string[]): void {
  if (parts.some((part) => part.startsWith('-'))) {
    throw repositoryErrors.LOCATION_REFUSED({ detail: 'a part of it starts with a dash, as an option does' })
  }
}

async function localLocation(path: string): Promise<Location> {
  try {
    const real = await realpath(path)
    return { kind: 'local', path: real, display: real }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EACCES' || code === 'EPERM') throw repositoryErrors.UNREADABLE({ detail: path, cause })
    throw repositoryErrors.NOT_FOUND({ detail: path, cause })
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
