import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { access, constants, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { TestReport } from '../../../contracts/index.ts'
import type { TenantId } from '../../../kernel/index.ts'
import { silentLogger } from '../../../kernel/index.ts'
import type { SandboxHost } from '../../sandbox/index.ts'
import { createNamespaceHost, createUnconfinedHost, probeSandbox } from '../../sandbox/index.ts'
import type { Toolchain } from '../../testing/index.ts'
import {
  detectSuite,
  installDependencies,
  locateToolchain,
  publicRegistries,
  runSuite,
} from '../../testing/index.ts'
import type { Reproduction } from '../model.ts'
import { openValidation } from './validation.ts'
import type { Validation } from './validation-setup.ts'

type TestSuite = Awaited<ReturnType<typeof detectSuite>>

export type ProjectFiles = Readonly<Record<string, string>>

export interface OpenedBug {
  readonly reproduction: Reproduction
  readonly validation: Validation
}

const limits = {
  memoryBytes: 2 * 2 ** 30,
  processes: 256,
  diskBytes: 2 ** 28,
  outputBytes: 2 ** 20,
  cpuSeconds: 120,
}

/** Where installed runners are kept between runs of the tests, if this user may write there. */
const keptLayers = join(import.meta.dirname, '../../../../node_modules/.cache/atelier-testing')

/** Small projects with a bug, in real sandboxes and with real test runners, for the tests of this folder. */
export class ScratchBugs implements AsyncDisposable {
  readonly #folder: string
  readonly #host: SandboxHost
  readonly #toolchain: Toolchain
  readonly #cacheDirectory: string
  #count = 0

  private constructor(folder: string, host: SandboxHost, toolchain: Toolchain, cacheDirectory: string) {
    this.#folder = folder
    this.#host = host
    this.#toolchain = toolchain
    this.#cacheDirectory = cacheDirectory
  }

  static async open(): Promise<ScratchBugs> {
    const folder = mkdtempSync(join(tmpdir(), 'atelier-validation-'))
    chmodSync(folder, 0o755)
    const options = { stateDirectory: join(folder, 'state'), logger: silentLogger }
    const { usable } = await probeSandbox()
    const host = usable ? await createNamespaceHost(options) : await createUnconfinedHost(options)
    const searchPath = process.env['PATH'] ?? ''
    const toolchain = await locateToolchain({ searchPath, pinnedNode: process.execPath })
    return new ScratchBugs(folder, host, toolchain, await layerDirectory(folder))
  }

  /** Layers with the given development dependencies. */
  async install(dependencies: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const manifest = {
      name: 'runners',
      private: true,
      scripts: { test: 'mocha' },
      devDependencies: dependencies,
    }
    const files = { 'package.json': JSON.stringify(manifest), 'test/a.js': '' }
    const npm = { url: process.env['npm_config_registry'] ?? publicRegistries.npm.url, ...certificates() }
    const { layers } = await installDependencies(this.#host, {
      runId: 'run_test',
      tenantId: 'tenant_test' as TenantId,
      suite: await suiteOf(files),
      layers: [this.#write(files)],
      cacheDirectory: this.#cacheDirectory,
      registries: { ...publicRegistries, npm },
      toolchain: this.#toolchain,
    })
    return layers
  }

  /** Runs a project with its own runner and opens the validation of what fails. */
  async bug(files: ProjectFiles, below: readonly string[], workers = 1): Promise<OpenedBug> {
    const suite = await suiteOf(files)
    const layers = [this.#write(files), ...below]
    const reproduction = reproductionOf(await this.#run(suite, layers))
    const validation = await openValidation({
      openSandbox: (binds) => this.#sandbox(layers, binds),
      framework: suite.framework,
      directory: suite.directory,
      environment: suite.invocation.environment,
      reproduction,
      workers,
      runTests: (sandbox, paths, signal) =>
        runSuite(sandbox, suite, { timeoutMs: 60_000, select: { files: paths }, signal }),
      logger: silentLogger,
    })
    return { reproduction, validation }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #run(suite: TestSuite, layers: readonly string[]): Promise<TestReport> {
    const sandbox = await this.#sandbox(layers, [])
    try {
      return await runSuite(sandbox, suite, { timeoutMs: 60_000 })
    } finally {
      await sandbox.destroy()
    }
  }

  #sandbox(layers: readonly string[], binds: Toolchain['binds']): ReturnType<SandboxHost['create']> {
    return this.#host.create({
      runId: 'run_test',
      layers,
      readOnlyBinds: [...this.#toolchain.binds, ...binds],
      egress: { kind: 'none' },
      limits,
    })
  }

  #write(files: ProjectFiles): string {
    this.#count += 1
    const root = join(this.#folder, `tree-${this.#count}`)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return root
  }
}

function suiteOf(files: ProjectFiles): Promise<TestSuite> {
  return detectSuite({
    list: () => Promise.resolve(Object.keys(files)),
    read: (path) => Promise.resolve(files[path] ?? null),
  })
}

function reproductionOf({ tests }: TestReport): Reproduction {
  const failing = tests.filter(({ outcome }) => outcome === 'failed')
  const filesOf = (some: typeof tests): string[] => [...new Set(some.flatMap(({ file }) => file ?? []))]
  return {
    failing,
    passing: tests.filter(({ outcome }) => outcome === 'passed'),
    failingFiles: filesOf(failing),
    testFiles: filesOf(tests),
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

function certificates(): { readonly caFile?: string } {
  const caFile = process.env['NODE_EXTRA_CA_CERTS'] ?? process.env['SSL_CERT_FILE']
  return caFile === undefined ? {} : { caFile }
}
