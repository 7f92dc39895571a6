import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { z } from 'zod'
import type { TenantId } from '../../../kernel/index.ts'
import { digestOf, digestOfValue } from '../../../kernel/index.ts'
import type { Sandbox, SandboxHost, SandboxLimits } from '../../sandbox/index.ts'
import { testingErrors } from '../errors.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import { openWorkspace, programPath, workspaceRoot } from '../running/workspace.ts'
import type { TestSuite } from '../suite.ts'
import type { Toolchain } from '../toolchain.ts'
import { packageRecipe } from './javascript.ts'
import { pythonRecipe } from './python.ts'
import type { InstallAttempt, InstallRecipe } from './recipe.ts'
import { isUnreachable } from './recipe.ts'
import type { Registries } from './registries.ts'
import { hostsOf } from './registries.ts'

export interface InstallSpec {
  readonly runId: string
  /** Layers are never shared between tenants. */
  readonly tenantId: TenantId
  readonly suite: Pick<TestSuite, 'packageManager' | 'directory' | 'framework' | 'invocation'>
  /** Host directories that make up the repository, lowest first. */
  readonly layers: readonly string[]
  /** Host directory under which layers are kept. */
  readonly cacheDirectory: string
  readonly registries: Registries
  readonly toolchain: Toolchain
  /**
   * ISO 8601 date. Without a lock file only versions published before it are taken, so that an old revision gets the
   * packages of its time.
   */
  readonly before?: string
  /** Lets packages run install scripts, or be built from source. Off unless a person asked for it. */
  readonly allowScripts?: boolean
  readonly limits?: SandboxLimits
  /** Milliseconds; fifteen minutes when absent. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void
}

/** What was installed. Plain data. */
export interface InstalledDependencies {
  /** Host directories to put above the repository's; empty if the package needs nothing. */
  readonly layers: readonly string[]
  readonly cached: boolean
  /** What was done, in sentences. */
  readonly explanation: readonly string[]
}

const defaultLimits: SandboxLimits = {
  memoryBytes: 4 * 2 ** 30,
  processes: 512,
  diskBytes: 4 * 2 ** 30,
  outputBytes: 4 * 2 ** 20,
  cpuSeconds: 900,
}
const defaultTimeoutMs = 900_000
const caTarget = '/opt/atelier/registry-ca.pem'
const noteSchema = z.object({ explanation: z.array(z.string()) })

/** Installations under way in this process, by key, so that two runs on one repository install once. */
const underWay = new Map<string, Promise<InstalledDependencies>>()

/**
 * Installs the dependencies of a package inside a sandbox that reaches nothing but the configured registry, and keeps
 * the result as an immutable layer, found again by tenant, manifests, options and version of the runtime.
 *
 * @throws `ATL_TESTING_INSTALL_FAILED`, `…_INSTALL_UNREACHABLE`, `…_INSTALL_TIMED_OUT`, `…_RUNTIME_MISSING`,
 *   `…_MANIFEST_UNREADABLE`; the reason of `signal` when cancelled
 */
export async function installDependencies(
  host: SandboxHost,
  spec: InstallSpec,
): Promise<InstalledDependencies> {
  const probe = await host.create({ ...sandboxSpec(spec), egress: { kind: 'none' } })
  try {
    const files = openWorkspace(probe, spec.suite.directory)
    const recipe = await recipeOf(probe, files, spec)
    if (recipe === null) return { layers: [], cached: false, explanation: ['Nothing has to be installed.'] }
    const place = join(spec.cacheDirectory, await keyOf(recipe, files, spec))
    const work = underWay.get(place) ?? findOrMake(host, spec, recipe, place)
    underWay.set(place, work)
    try {
      return await work
    } finally {
      underWay.delete(place)
    }
  } finally {
    await probe.destroy()
  }
}

function sandboxSpec(spec: InstallSpec): Parameters<SandboxHost['create']>[0] {
  return {
    runId: spec.runId,
    layers: spec.layers,
    readOnlyBinds: spec.toolchain.binds,
    egress: { kind: 'none' },
    limits: spec.limits ?? defaultLimits,
  }
}

async function recipeOf(
  probe: Sandbox,
  files: RepositoryFiles,
  spec: InstallSpec,
): Promise<InstallRecipe | null> {
  const { suite, registries, before, allowScripts = false } = spec
  const request = { suite, files, registries, before, allowScripts }
  if (suite.packageManager === 'pip') {
    const recipe = await pythonRecipe(request)
    if (recipe !== null && spec.toolchain.python === null)
      throw testingErrors.RUNTIME_MISSING({ detail: 'python3' })
    return recipe
  }
  const available = await availableManagers(probe)
  return packageRecipe(available, request)
}

async function availableManagers(probe: Sandbox): Promise<ReadonlySet<string>> {
  const { stdout } = await probe.run({
    argv: [
      '/bin/sh',
      '-c',
      'for name in yarn pnpm; do command -v "$name" >/dev/null && echo "$name"; done; true',
    ],
    env: { PATH: programPath('') },
    timeoutMs: 20_000,
  })
  return new Set(stdout.split('\n'))
}

async function keyOf(recipe: InstallRecipe, files: RepositoryFiles, spec: InstallSpec): Promise<string> {
  const inputs: Record<string, string> = {}
  const names = recipe.dependsOnTree ? await files.list() : recipe.inputs
  for (const name of names) inputs[name] = digestOf((await files.read(name)) ?? '')
  const digest = digestOfValue({
    tenant: spec.tenantId,
    directory: spec.suite.directory,
    command: recipe.first.command,
    environment: recipe.environment(undefined),
    runtime: { node: spec.toolchain.node, python: spec.toolchain.python },
    architecture: process.arch,
    inputs,
  })
  return digest.replace(/^sha256:/, '')
}

async function findOrMake(
  host: SandboxHost,
  spec: InstallSpec,
  recipe: InstallRecipe,
  place: string,
): Promise<InstalledDependencies> {
  return (await findLayer(place)) ?? makeLayer(host, spec, recipe, place)
}

async function findLayer(place: string): Promise<InstalledDependencies | null> {
  const layer = join(place, 'layer')
  if (!existsSync(layer)) return null
  const note = noteSchema.parse(JSON.parse(await readFile(join(place, 'note.json'), 'utf8')))
  return {
    layers: [layer],
    cached: true,
    explanation: ['Found installed from an earlier run.', ...note.explanation],
  }
}

/** Installs, and publishes the layer by one rename: nobody ever sees half of it. */
async function makeLayer(
  host: SandboxHost,
  spec: InstallSpec,
  recipe: InstallRecipe,
  place: string,
): Promise<InstalledDependencies> {
  const { caFile } = recipe.registry
  const sandbox = await host.create({
    ...sandboxSpec(spec),
    readOnlyBinds: [
      ...spec.toolchain.binds,
      ...(caFile === undefined ? [] : [{ source: caFile, target: caTarget }]),
    ],
    egress: { kind: 'allow-list', hosts: hostsOf(recipe.registry) },
  })
  const draft = `${place}.${randomBytes(6).toString('hex')}`
  try {
    const done = await attemptAll(sandbox, spec, recipe)
    const explanation = [`Installed with \`${done.description}\`.`, ...recipe.explanation]
    await mkdir(draft, { recursive: true })
    await sandbox.freeze(
      join(draft, 'layer'),
      recipe.outputs.map((path) => posix.join(spec.suite.directory, path)),
    )
    await writeFile(join(draft, 'note.json'), JSON.stringify({ explanation }))
    const won = await publish(draft, place)
    return { layers: [join(place, 'layer')], cached: !won, explanation }
  } finally {
    await sandbox.destroy()
    await rm(draft, { recursive: true, force: true })
  }
}

/** True if this draft became the layer, false if another process was first. */
async function publish(draft: string, place: string): Promise<boolean> {
  try {
    await rename(draft, place)
    return true
  } catch (error) {
    if (existsSync(join(place, 'layer'))) return false
    throw error
  }
}

/** Tries one way after another; returns the one that worked. */
async function attemptAll(
  sandbox: Sandbox,
  spec: InstallSpec,
  recipe: InstallRecipe,
): Promise<InstallAttempt> {
  const deadline = performance.now() + (spec.timeoutMs ?? defaultTimeoutMs)
  const { caFile } = recipe.registry
  const environment = recipe.environment(caFile === undefined ? undefined : sandbox.locate(caTarget))
  let attempt: InstallAttempt | null = recipe.first
  const tried: string[] = []
  for (;;) {
    tried.push(attempt.description)
    const result = await sandbox.run({
      argv: ['/bin/sh', '-c', `export TMPDIR="\${TMPDIR:-/tmp}"\n${attempt.command}`],
      cwd: posix.join(workspaceRoot, spec.suite.directory),
      env: { ...environment, PATH: programPath(spec.suite.directory) },
      timeoutMs: Math.max(1, deadline - performance.now()),
      ...(spec.signal === undefined ? {} : { signal: spec.signal }),
      ...(spec.onOutput === undefined ? {} : { onOutput: spec.onOutput }),
    })
    spec.signal?.throwIfAborted()
    const { ended } = result
    if (ended.kind === 'exited' && ended.code === 0) return attempt
    const log = `${result.stdout}\n${result.stderr}`
    const details = { tried, log: log.trim().slice(-4096) }
    const detail = lastLines(log)
    if (ended.kind === 'killed' && ended.by === 'timeout')
      throw testingErrors.INSTALL_TIMED_OUT({ detail, details })
    const next: InstallAttempt | null = ended.kind === 'killed' ? null : await attempt.next(log)
    if (next === null) {
      if (isUnreachable(log, recipe.registry)) throw testingErrors.INSTALL_UNREACHABLE({ detail, details })
      throw testingErrors.INSTALL_FAILED({
        detail: ended.kind === 'killed' ? `ended by ${ended.by}; ${detail}` : detail,
        details,
      })
    }
    attempt = next
  }
}

/** The lines that say what went wrong, for one sentence. */
function lastLines(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.filter(
    (line) => /^(npm (ERR!|error)|ERROR:|error )/.test(line) && !/complete log|A complete/.test(line),
  )
  return (errors.length > 0 ? errors.slice(0, 4) : lines.slice(-4)).join(' | ').slice(0, 800)
}
