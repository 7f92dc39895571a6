import type { AllowedHost } from '../../sandbox/index.ts'

/** Where packages come from: the only places that an installation may reach. */
export interface Registries {
  readonly npm: Registry
  readonly pip: Registry
}

export interface Registry {
  /** For npm the registry, for pip the index, with its path. */
  readonly url: string
  /** Certificates in PEM form, on the host, that the registry's is checked against. */
  readonly caFile?: string
}

export const publicRegistries: Registries = {
  npm: { url: 'https://registry.npmjs.org/' },
  pip: { url: 'https://pypi.org/simple' },
}

/** The public index keeps its files on another host. */
const fileHosts: Readonly<Record<string, readonly string[]>> = {
  'pypi.org': ['files.pythonhosted.org'],
}

/** Destinations that downloading from a registry needs. They were named by the operator, so they may be private. */
export function hostsOf(registry: Registry): readonly AllowedHost[] {
  const url = new URL(registry.url)
  const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port)
  return [url.hostname, ...(fileHosts[url.hostname] ?? [])].map((host) => ({
    host,
    port,
    allowPrivate: true,
  }))
}
