import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { digestOf, type TenantId } from '../../kernel/index.ts'
import type { RepositoryContext, RepositoryLimits } from './context.ts'
import { repositoryErrors } from './errors.ts'
import { withFileLock } from './file-lock.ts'
import { hostAttributes, hostConfiguration, type ObjectFormat } from './git-directory.ts'
import { Git } from './git-process.ts'
import { importRevision, type ImportResult } from './import.ts'
import { findLocalSource } from './local-source.ts'
import { addressOf, parseLocation, type Location } from './location.ts'
import { ObjectReader } from './object-reader.ts'
import { Repository } from './repository.ts'

/** A user name and password (or token) for one https host. */
interface Credentials {
  readonly username: string
  readonly password: string
}

/** A commit that came in by an import or went out by publishing. */
export interface SeenRevision {
  readonly tenantId: TenantId
  readonly repository: Repository
  readonly revision: { readonly commit: string; readonly tree: string }
}

export interface RepositoryHostOptions {
  /** Absolute. Sandboxes read layers below it, so every folder above it must be passable for their user. */
  readonly stateDirectory: string
  /** What relative locations are relative to. */
  readonly workingDirectory: string
  /** The host's environment, from which PATH, proxy, certificate and ssh-agent variables are taken, nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The git to run; `git` when absent. */
  readonly git?: string
  /** Asked for every https location, when it is used. */
  readonly credentials?: (url: string) => Promise<Credentials | undefined>
  /** Who shall own layers, when the studio runs as root and sandboxes do not. */
  readonly layerOwner?: { readonly uid: number; readonly gid: number }
  readonly limits?: Partial<RepositoryLimits>
  /** Told of each commit that is imported or published, before the caller goes on with it. Must not throw. */
  readonly onRevision?: (seen: SeenRevision) => void
}

export interface RepositoryRequest {
  readonly tenantId: TenantId
  /** A path, a bare repository, or a file, ssh or https URL. */
  readonly location: string
}

const defaultLimits: RepositoryLimits = {
  treeEntries: 500_000,
  treeBytes: 8 * 1024 ** 3,
  fileBytes: 16 * 1024 ** 2,
  patchBytes: 16 * 1024 ** 2,
  changedFiles: 500,
  memoryBytes: 4 * 1024 ** 3,
  transferMs: 15 * 60_000,
  commandMs: 2 * 60_000,
}

const lockWaitMs = 10 * 60_000
function folderName(text: string): string {
  return digestOf(text).slice('sha256:'.length, 'sha256:'.length + 32)
}

/** Scratch folders older than this belong to nobody any more. */
const scratchMaxAgeMs = 24 * 3_600_000

/**
 * Holds the studio's git directories, one per tenant and location, so that neither objects nor caches are shared
 * between tenants. Several processes may work on one state directory at the same time.
 */
export class RepositoryHost {
  readonly #options: RepositoryHostOptions
  readonly #limits: RepositoryLimits
  readonly #git: Git
  readonly #contexts = new Map<string, RepositoryContext>()

  constructor(options: RepositoryHostOptions) {
    this.#options = options
    this.#limits = { ...defaultLimits, ...options.limits }
    this.#git = new Git({
      executable: options.git ?? 'git',
      environment: options.environment,
      timeoutMs: this.#limits.commandMs,
      maxOutputBytes: 256 * 1024 ** 2,
      memoryBytes: this.#limits.memoryBytes,
    })
  }

  /**
   * Brings the studio's copy up to date with the source and resolves the revision that work starts from (HEAD of the
   * source when absent). Nothing of the source's configuration is obeyed.
   */
  async import(
    request: RepositoryRequest & { readonly revision?: string; readonly signal?: AbortSignal },
  ): Promise<ImportResult & { readonly repository: Repository }> {
    const location = await parseLocation(request.location, this.#options.workingDirectory)
    const root = this.#rootOf(request.tenantId, location)
    // A wrong path leaves nothing behind: the source is looked at before anything is created for it.
    const format: ObjectFormat =
      location.kind === 'local' ? (await findLocalSource(this.#git, location.path)).objectFormat : 'sha1'
    try {
      await makeFolders(root)
      return await withFileLock(join(root, 'lock'), lockWaitMs, async () => {
        await this.#initialise(root, request, location, format)
        const context = await this.#contextOf(root, request.tenantId, location)
        const imported = await importRevision(context, request.revision, request.signal)
        context.onRevision(imported.base)
        return { ...imported, repository: new Repository(context) }
      })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') throw repositoryErrors.NO_SPACE({ cause })
      throw cause
    }
  }

  /** What was imported earlier, for later steps of a run: the source is not looked at. */
  async open(request: RepositoryRequest): Promise<Repository> {
    const root = await this.#findRoot(request)
    const { location } = JSON.parse(await readFile(join(root, 'repository.json'), 'utf8')) as {
      location: Location
    }
    return new Repository(await this.#contextOf(root, request.tenantId, location))
  }

  /**
   * The same text for every way to write where a repository is: its git directory behind symbolic links and linked working
   * trees, or host and path whatever the protocol. A place where nothing is found is taken as it is written.
   */
  async identify(location: string): Promise<string> {
    const place = await parseLocation(location, this.#options.workingDirectory).catch(() => undefined)
    if (place === undefined) return location.trim()
    if (place.kind === 'remote') return addressOf(place)
    return findLocalSource(this.#git, place.path).then(
      ({ commonDirectory }) => commonDirectory,
      () => place.path,
    )
  }

  /** Removes all repositories of a tenant, none of which may be in use. */
  async removeTenant(tenantId: TenantId): Promise<void> {
    const folder = this.#folderOf(tenantId)
    for (const [root, { objects }] of this.#contexts) {
      if (!root.startsWith(join(folder, '/'))) continue
      objects.close()
      this.#contexts.delete(root)
    }
    await rm(folder, { recursive: true, force: true })
  }

  /** Ends helper processes. Repositories of this host must not be used afterwards. */
  close(): void {
    for (const { objects } of this.#contexts.values()) objects.close()
    this.#contexts.clear()
  }

  #rootOf(tenantId: TenantId, location: Location): string {
    const place = location.kind === 'local' ? `path:${location.path}` : `url:${location.url}`
    return join(this.#folderOf(tenantId), folderName(place))
  }

  #folderOf(tenantId: TenantId): string {
    return join(resolve(this.#options.stateDirectory), 'repositories', folderName(tenantId))
  }

  async #findRoot(request: RepositoryRequest): Promise<string> {
    const location = await parseLocation(request.location, this.#options.workingDirectory)
    const root = this.#rootOf(request.tenantId, location)
    await stat(join(root, 'repository.json')).catch((cause: unknown) => {
      throw repositoryErrors.NOT_FOUND({ detail: `${location.display} has not been imported`, cause })
    })
    return root
  }

  async #contextOf(root: string, tenantId: TenantId, location: Location): Promise<RepositoryContext> {
    const existing = this.#contexts.get(root)
    if (existing !== undefined) return existing
    const gitDirectory = join(root, 'git')
    const configuration = await readFile(join(gitDirectory, 'config'), 'utf8')
    const context: RepositoryContext = {
      git: this.#git,
      limits: this.#limits,
      location,
      objectFormat: configuration.includes('objectFormat = sha256') ? 'sha256' : 'sha1',
      gitDirectory,
      root,
      objects: new ObjectReader(this.#git, gitDirectory),
      listings: new Map(),
      entryMaps: new WeakMap(),
      changedEntries: new Map(),
      layerOwner: this.#options.layerOwner,
      onRevision: (revision) =>
        this.#options.onRevision?.({ tenantId, repository: new Repository(context), revision }),
      transport: () => this.#transportTo(location),
    }
    this.#contexts.set(root, context)
    return context
  }

  /** Writes the git directory by hand: `git init` would copy the host's templates and ask its configuration. */
  async #initialise(
    root: string,
    { tenantId }: RepositoryRequest,
    location: Location,
    format: ObjectFormat,
  ): Promise<void> {
    await removeOldScratch(join(root, 'scratch'))
    const gitDirectory = join(root, 'git')
    const record = join(root, 'repository.json')
    const exists = await stat(record).then(
      () => true,
      () => false,
    )
    if (exists) return
    for (const folder of ['refs/heads', 'refs/tags', 'objects/pack', 'objects/info', 'info']) {
      await mkdir(join(gitDirectory, folder), { recursive: true })
    }
    await writeFile(join(gitDirectory, 'config'), hostConfiguration(format))
    await writeFile(join(gitDirectory, 'info', 'attributes'), hostAttributes)
    await writeFile(join(gitDirectory, 'HEAD'), 'ref: refs/heads/main\n')
    // Written last: its presence says that the directory is complete.
    await writeFile(record, `${JSON.stringify({ version: 1, tenantId, location }, null, 2)}\n`)
  }

  async #transportTo(location: Location): Promise<Awaited<ReturnType<RepositoryContext['transport']>>> {
    if (location.kind !== 'remote') return { config: {}, environment: {} }
    const isHttp = location.url.startsWith('http://')
    const isWeb = isHttp || location.url.startsWith('https://')
    const credentials = isWeb ? await this.#options.credentials?.(location.url) : undefined
    const basic =
      credentials && Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64')
    return {
      config: {
        'http.lowSpeedLimit': '1',
        'http.lowSpeedTime': '60',
        // By environment rather than by URL or argument, so that it shows up in no process list and no message.
        ...(basic === undefined
          ? {}
          : { [`http.${location.url}.extraHeader`]: `Authorization: Basic ${basic}` }),
        // Plain http only gets this far for the loopback interface.
        ...(isHttp ? { 'protocol.http.allow': 'always' } : {}),
      },
      environment: isHttp ? { GIT_ALLOW_PROTOCOL: 'http' } : {},
    }
  }
}

/** Folders that the sandbox's user must be able to pass, and the git directory, which it must not. */
async function makeFolders(root: string): Promise<void> {
  const created = await mkdir(root, { recursive: true })
  // Whatever the umask is: from the first folder that is new down to the root, and what is below.
  for (
    let folder = root;
    created !== undefined && folder.length >= created.length;
    folder = dirname(folder)
  ) {
    await chmod(folder, 0o755)
  }
  for (const folder of ['layers', 'layers/trees', 'layers/clones', 'scratch', 'git']) {
    await mkdir(join(root, folder), { recursive: true })
    await chmod(join(root, folder), folder.startsWith('layers') ? 0o755 : 0o700)
  }
}

async function removeOldScratch(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name)
    const age = await stat(path).then(
      (status) => Date.now() - status.mtimeMs,
      () => 0,
    )
    if (age > scratchMaxAgeMs) await rm(path, { recursive: true, force: true })
  }
}
