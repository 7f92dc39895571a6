import type { PackageManifest } from '../detection/manifest.ts'
import { readManifest } from '../detection/manifest.ts'
import { quoteWord } from '../detection/shell-words.ts'
import { neededDevelopmentPackages } from './needed-packages.ts'
import type { InstallAttempt, InstallRecipe, RecipeRequest } from './recipe.ts'
import { isUnreachable } from './recipe.ts'

const npmLocks = ['package-lock.json', 'npm-shrinkwrap.json']
const lockFiles = [...npmLocks, 'yarn.lock', 'pnpm-lock.yaml']

/** What all attempts at one package have in common. */
interface PackageRequest extends RecipeRequest {
  readonly listing: readonly string[]
  /** Development dependencies that tests can do without. Finding them reads every source file. */
  readonly dispensable: () => Promise<readonly string[]>
}

/** How the dependencies of a package.json are installed; null if it has none. */
export async function packageRecipe(
  available: ReadonlySet<string>,
  request: RecipeRequest,
): Promise<InstallRecipe | null> {
  const { files, registries, allowScripts } = request
  const manager = request.suite.packageManager
  const manifest = await readManifest(files)
  if (manifest === null) return null
  const listing = await files.list()
  const nested = listing.filter(
    (file) => /(^|\/)package\.json$/.test(file) && !/(^|\/)fixtures?\//.test(file),
  )
  const text = (await files.read('package.json')) ?? ''
  const workspaces = /"workspaces"\s*:/.test(text) || listing.includes('pnpm-workspace.yaml')
  const ranges = Object.values({ ...manifest.dependencies, ...manifest.devDependencies })
  if (ranges.length === 0 && !workspaces) return null
  const used = manager !== 'npm' && available.has(manager) ? manager : 'npm'
  const dispensable = (): Promise<readonly string[]> =>
    workspaces ? Promise.resolve([]) : dispensablePackages(manifest, request)
  return {
    inputs: [
      ...(workspaces ? nested : ['package.json']),
      ...[...lockFiles, '.npmrc', '.yarnrc', 'pnpm-workspace.yaml'].filter((file) => listing.includes(file)),
    ],
    dependsOnTree: allowScripts || ranges.some((range) => /^(file|link|portal|\.)/.test(range)),
    outputs: workspaces
      ? nested.map((file) => file.replace(/package\.json$/, 'node_modules'))
      : ['node_modules'],
    first: firstAttempt(used, { ...request, listing, dispensable }),
    registry: registries.npm,
    environment: (caFile) => ({
      npm_config_registry: registries.npm.url,
      ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile, npm_config_cafile: caFile }),
    }),
    explanation: [
      ...(manager === used ? [] : [`${manager} is not installed on this machine; npm is used instead.`]),
      allowScripts
        ? 'Install scripts of packages were allowed.'
        : 'Install scripts of packages were not run.',
    ],
  }
}

async function dispensablePackages(
  manifest: PackageManifest,
  { suite, files }: RecipeRequest,
): Promise<readonly string[]> {
  if (suite.framework === 'command') return []
  const needed = await neededDevelopmentPackages(manifest, suite, files)
  return Object.keys(manifest.devDependencies).filter((name) => !needed.includes(name))
}

function firstAttempt(manager: string, request: PackageRequest): InstallAttempt {
  const { allowScripts, listing, registries } = request
  const common = `${allowScripts ? '' : ' --ignore-scripts'} --registry=${quoteWord(registries.npm.url)}`
  if (manager === 'pnpm' && listing.includes('pnpm-lock.yaml'))
    return {
      command: `pnpm install --frozen-lockfile --store-dir "$TMPDIR/store" --package-import-method copy${common}`,
      description: 'pnpm install --frozen-lockfile',
      next: (log) => Promise.resolve(isUnreachable(log, registries.npm) ? null : npmInstall(request, {})),
    }
  if (manager === 'yarn' && listing.includes('yarn.lock') && !listing.includes('.yarnrc.yml'))
    return {
      command: `yarn install --frozen-lockfile --non-interactive --ignore-engines --cache-folder "$TMPDIR/cache"${common}`,
      description: 'yarn install --frozen-lockfile',
      next: (log) => Promise.resolve(isUnreachable(log, registries.npm) ? null : npmInstall(request, {})),
    }
  return npmLocks.some((file) => listing.includes(file)) ? npmCi(request, false) : npmInstall(request, {})
}

/** Options with which npm neither asks, nor reports home, nor takes anything from elsewhere. */
function npmOptions({ registries, allowScripts }: RecipeRequest): string {
  return [
    '--include=dev --no-audit --no-fund --no-update-notifier --loglevel=warn --engine-strict=false',
    '--replace-registry-host=always --cache "$TMPDIR/npm-cache" --fetch-retries=3 --fetch-retry-mintimeout=1000 --fetch-retry-factor=3',
    // Whatever the repository's own .npmrc says.
    `--registry=${quoteWord(registries.npm.url)}`,
    allowScripts ? '--ignore-scripts=false' : '--ignore-scripts',
  ].join(' ')
}

function npmCi(request: PackageRequest, legacyPeers: boolean): InstallAttempt {
  const next = (log: string): InstallAttempt | null => {
    if (isUnreachable(log, request.registries.npm)) return null
    if (/ERESOLVE/.test(log) && !legacyPeers) return npmCi(request, true)
    // Where the lock file names what is gone it is no help; where it only does not fit the manifest it still is.
    return npmInstall(request, { legacyPeers, withoutLock: /E404|ETARGET|EINTEGRITY/.test(log) })
  }
  return {
    command: `npm ci ${npmOptions(request)}${legacyPeers ? ' --legacy-peer-deps' : ''}`,
    description: legacyPeers ? 'npm ci --legacy-peer-deps' : 'npm ci',
    next: (log) => Promise.resolve(next(log)),
  }
}

/** How an installation differs from the plain one. */
interface NpmVariant {
  readonly legacyPeers?: boolean
  readonly withoutLock?: boolean
  readonly anyDate?: boolean
  /** Packages that tests can do without, to be left out. */
  readonly without?: readonly string[]
}

function npmInstall(request: PackageRequest, variant: NpmVariant): InstallAttempt {
  const { anyDate = false, legacyPeers = false, without, withoutLock = false } = variant
  const locked = !withoutLock && request.listing.some((file) => lockFiles.includes(file))
  const before = anyDate || locked || request.before === undefined ? undefined : endOfDay(request.before)
  const parts = [
    'npm install --no-save',
    locked ? '' : '--no-package-lock',
    legacyPeers ? '--legacy-peer-deps' : '',
    before === undefined ? '' : `--before=${quoteWord(before)}`,
  ].filter((part) => part !== '')
  return {
    command: [
      ...(without === undefined ? [] : [dropPackages(without)]),
      // It excludes `--before`.
      ...(before === undefined ? [] : ['if [ -f .npmrc ]; then sed -i "/^ *min-release-age/d" .npmrc; fi']),
      `${parts.join(' ')} ${npmOptions(request)}`,
    ].join(' && '),
    description:
      without === undefined ? parts.join(' ') : `${parts.join(' ')}, without ${without.join(', ')}`,
    next: async (log) => {
      if (isUnreachable(log, request.registries.npm)) return null
      const later = (change: NpmVariant): InstallAttempt => npmInstall(request, { ...variant, ...change })
      if (/ERESOLVE/.test(log) && !legacyPeers) return later({ legacyPeers: true })
      if (locked) return later({ withoutLock: true })
      if (/ETARGET|ENOVERSIONS/.test(log) && before !== undefined) return later({ anyDate: true })
      const dispensable = without === undefined ? await request.dispensable() : []
      if (dispensable.length > 0) return later({ without: dispensable })
      return before === undefined ? null : later({ anyDate: true })
    },
  }
}

/** Revisions of one day share what is installed for them. */
function endOfDay(date: string): string {
  return `${new Date(date).toISOString().slice(0, 10)}T23:59:59.999Z`
}

/** Takes packages out of package.json, in the private copy that is installed from. */
function dropPackages(names: readonly string[]): string {
  const program = `const fs = require('fs')
const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8'))
for (const name of process.argv.slice(1)) delete manifest.devDependencies[name]
fs.writeFileSync('package.json', JSON.stringify(manifest))`
  return `node -e ${quoteWord(program)} ${names.map(quoteWord).join(' ')}`
}
