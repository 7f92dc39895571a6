import { mkdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Retention } from '../control/context/index.ts'
import type { PolicyLocations } from '../governance/policy/index.ts'
import { faultlessPolicies } from './compile-cache.ts'
import { hostErrors } from './errors.ts'

/** Everything the studio takes from its environment; nothing else reads `process.env`. */
export interface Configuration {
  /** Folder of the installed package: workflows, agents and policies are read from it. */
  readonly packageRoot: string
  readonly dataDirectory: string
  /** A PostgreSQL server to use in place of the embedded one. */
  readonly databaseUrl: string | undefined
  readonly sandbox: 'namespaces' | 'none'
  /** Where commands go that name no studio; the empty text is this machine, whatever was signed in to. */
  readonly server: string | undefined
  /** What commands show at a studio elsewhere, in place of a sign-in. */
  readonly token: string | undefined
  /** Where this account keeps its sign-ins at studios. */
  readonly credentialFile: string
  /** Where browsers reach the studio, without a slash at the end; undefined: where it listens on this machine. */
  readonly publicUrl: string | undefined
  /** Addresses and networks of reverse proxies, whose word is taken for where a request comes from. */
  readonly proxies: readonly string[]
  /** Values of the credentials of model and identity providers, by name; undefined where there is none. */
  readonly credentials: (name: string) => string | undefined
  /** Which commits of a repository stay indexed, as far as somebody said. */
  readonly indexRetention: { readonly [K in keyof Retention]: Retention[K] | undefined }
}

export interface ConfigurationOptions {
  readonly dataDirectory?: string
  readonly sandbox?: 'namespaces' | 'none'
}

/** Reads the configuration; options of the command line win over the environment. */
export function readConfiguration(
  options: ConfigurationOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): Configuration {
  return {
    packageRoot: path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..'),
    dataDirectory: path.resolve(
      options.dataDirectory ?? environment['ATELIER_DATA'] ?? defaultDataDirectory(environment),
    ),
    databaseUrl: environment['DATABASE_URL'],
    sandbox: options.sandbox ?? 'namespaces',
    server: environment['ATELIER_SERVER'],
    token: environment['ATELIER_TOKEN'],
    credentialFile: path.join(configurationDirectory(environment), 'atelier', 'credentials.json'),
    publicUrl: readUrl(environment, 'ATELIER_URL'),
    proxies: readNetworks(environment, 'ATELIER_PROXIES') ?? localNetworks,
    credentials: (name) => environment[name],
    indexRetention: {
      commits: readCount(environment, 'ATELIER_INDEX_COMMITS'),
      days: readCount(environment, 'ATELIER_INDEX_DAYS'),
    },
  }
}

/** The XDG base directory specification, where configuration of one account belongs. */
function configurationDirectory(environment: NodeJS.ProcessEnv): string {
  return environment['XDG_CONFIG_HOME'] ?? path.join(environment['HOME'] ?? os.userInfo().homedir, '.config')
}

/** Where browsers reach a studio that nobody gave an address: where it listens, by default. */
export const localUrl = 'http://127.0.0.1:4680'

/** An address as browsers know it, if the variable is set: plain http reaches no further than this machine. */
function readUrl(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = environment[name]
  if (text === undefined || text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (
    url === undefined ||
    !(url.protocol === 'https:' || isLocal) ||
    url.pathname !== '/' ||
    url.search !== ''
  )
    throw hostErrors.URL_INVALID({ detail: `${name} is ${JSON.stringify(text)}` })
  return url.origin
}

/** The policies that come with the studio. */
export function policyLocations({ packageRoot }: Pick<Configuration, 'packageRoot'>): PolicyLocations {
  const policies = path.join(packageRoot, 'policies')
  return {
    schemaFile: path.join(policies, 'schema.cedarschema'),
    folders: [policies],
    faultless: faultlessPolicies,
  }
}

/** Version of the installed package. */
export function productVersion({ packageRoot }: Pick<Configuration, 'packageRoot'>): string {
  const manifest = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  return manifest.version
}

/** Where a reverse proxy on the same machine asks from. */
const localNetworks = ['127.0.0.0/8', '::1/128']

/** Addresses and networks with commas between them, if the variable is set; the empty text is none. */
function readNetworks(environment: NodeJS.ProcessEnv, name: string): readonly string[] | undefined {
  const text = environment[name]
  if (text === undefined) return undefined
  const networks = text.split(',').flatMap((part) => part.trim() || [])
  for (const network of networks)
    if (!isNetwork(network))
      throw hostErrors.SETTING_INVALID({ detail: `${name} has ${JSON.stringify(network)}` })
  return networks
}

/** An IP address, with or without the length of its network's prefix. */
function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
}

const mostDigits = 6

/** A whole number, if the variable is set. */
function readCount(environment: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = environment[name]
  if (text === undefined || text === '') return undefined
  if (!/^\d+$/.test(text) || text.length > mostDigits)
    throw hostErrors.SETTING_INVALID({ detail: `${name} is ${JSON.stringify(text)}` })
  return Number(text)
}

/**
 * `/var/lib/atelier` for root, whose home other accounts cannot enter although database and sandboxes run under one;
 * the XDG data directory for anybody else, or the temporary directory for an account without a home.
 */
function defaultDataDirectory(environment: NodeJS.ProcessEnv): string {
  const { uid, homedir } = os.userInfo()
  if (uid === 0) return '/var/lib/atelier'
  const candidate = path.join(
    environment['XDG_DATA_HOME'] ?? path.join(environment['HOME'] ?? homedir, '.local/share'),
    'atelier',
  )
  try {
    mkdirSync(candidate, { recursive: true, mode: 0o700 })
    return candidate
  } catch {
    return path.join(os.tmpdir(), `atelier-${uid}`)
  }
}
