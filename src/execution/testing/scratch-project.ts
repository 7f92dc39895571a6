import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { access, constants, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TenantId } from '../../kernel/index.ts'
import { silentLogger } from '../../kernel/index.ts'
import type { Sandbox, SandboxHost } from '../sandbox/index.ts'
import { createNamespaceHost, createUnconfinedHost, probeSandbox } from '../sandbox/index.ts'
import type { InstalledDependencies, InstallSpec, Registries } from './installation/index.ts'
import { installDependencies, publicRegistries } from './installation/index.ts'
import type { RepositoryFiles } from './repository-files.ts'
import type { TestSuite } from './suite.ts'
import { detectSuite } from './detection/index.ts'
import type { RunSuiteOptions } from './running/run-suite.ts'
import { runSuite } from './running/run-suite.ts'
import type { Toolchain } from './toolchain.ts'
import { locateToolchain } from './toolchain.ts'

export type ProjectFiles = Readonly<Record<string, string>>

/** Files that stand nowhere but in memory. */
export function filesInMemory(files: ProjectFiles): RepositoryFiles {
  return {
    list: () => Promise.resolve(Object.keys(files)),
    read: (path) => Promise.resolve(files[path] ?? null),
  }
}

const limits = {
  memoryBytes: 2 * 2 ** 30,
  processes: 256,
  diskBytes: 2 ** 30,
  outputBytes: 8 * 2 ** 20,
  cpuSeconds: 300,
}

/** Where installed runners are kept between runs of the tests, if this user may write there. */
const keptLayers = join(import.meta.dirname, '../../../node_modules/.cache/atelier-testing')

/** Real projects in real sandboxes, for the tests of this folder. Isolated where the machine can. */
export class ScratchProjects implements AsyncDisposable {
  readonly folder: string
  readonly host: SandboxHost
  readonly toolchain: Toolchain
  readonly cacheDirectory: string
  #count = 0

  private constructor(folder: string, host: SandboxHost, toolchain: Toolchain, cacheDirectory: string) {
    this.folder = folder
    this.host = host
    this.toolchain = toolchain
    this.cacheDirectory = cacheDirectory
  }

  static async open(): Promise<ScratchProjects> {
    const folder = mkdtempSync(join(tmpdir(), 'atelier-testing-'))
    chmodSync(folder, 0o755)
    const options = { stateDirectory: join(folder, 'state'), logger: silentLogger }
    const host = (await probeSandbox()).usable
      ? await createNamespaceHost(options)
      : await createUnconfinedHost(options)
    const toolchain = await locateToolchain({
      searchPath: process.env['PATH'] ?? '',
      pinnedNode: process.execPath,
    })
    return new ScratchProjects(folder, host, toolchain, await layerDirectory(folder))
  }

  /** Writes a tree and returns its directory, fit to be a layer. */
  tree(files: ProjectFiles): string {
    this.#count += 1
    const root = join(this.folder, `tree-${this.#count}`)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return root
  }

  async install(
    files: ProjectFiles,
    options: Partial<InstallSpec> = {},
  ): Promise<InstalledDependencies & { readonly suite: TestSuite }> {
    const suite = await detectSuite(filesInMemory(files))
    const installed = await installDependencies(this.host, {
      runId: 'run_test',
      tenantId: 'tenant_test' as TenantId,
      suite,
      layers: [this.tree(files)],
      cacheDirectory: this.cacheDirectory,
      registries: registriesOfThisMachine(),
      toolchain: this.toolchain,
      ...options,
    })
    return { ...installed, suite }
  }

  async sandbox(layers: readonly string[]): Promise<Sandbox> {
    return this.host.create({
      runId: 'run_test',
      layers,
      readOnlyBinds: this.toolchain.binds,
      egress: { kind: 'none' },
      limits,
    })
  }

  /** Detects and runs the suite of a project whose dependencies stand in the given layers. */
  async run(
    files: ProjectFiles,
    layers: readonly string[] = [],
    options: Partial<RunSuiteOptions> & { readonly command?: string } = {},
  ) {
    const { command, ...rest } = options
    const suite = await detectSuite(filesInMemory(files), command === undefined ? {} : { command })
    const sandbox = await this.sandbox([this.tree(files), ...layers])
    try {
      return await runSuite(sandbox, suite, { timeoutMs: 60_000, ...rest })
    } finally {
      await sandbox.destroy()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function layerDirectory(folder: string): Promise<string> {
  try {
    await mkdir(keptLayers, { recursive: true })
    await access(keptLayers, constants.W_OK)
    return keptLayers
  } catch {
    return join(folder, 'layers')
  }
}

/** The registries that npm and pip are configured for here. */
function registriesOfThisMachine(): Registries {
  const caFile = [process.env['NODE_EXTRA_CA_CERTS'], process.env['SSL_CERT_FILE']].find(
    (file) => file !== undefined && existsSync(file),
  )
  const npm = process.env['npm_config_registry'] ?? publicRegistries.npm.url
  const pip = process.env['PIP_INDEX_URL'] ?? publicRegistries.pip.url
  const certificates = caFile === undefined ? {} : { caFile }
  return { npm: { url: npm, ...certificates }, pip: { url: pip, ...certificates } }
}
