import { existsSync, lstatSync } from 'node:fs'
import { chmod, chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createId, type Logger } from '../../../kernel/index.ts'
import { checkSpec } from '../command.ts'
import { egressVariables, openEgress, type Egress, type EgressDecision } from '../egress/index.ts'
import { sandboxErrors } from '../errors.ts'
import type { Sandbox, SandboxHost, SandboxSpec } from '../port.ts'
import type { SandboxRecords } from '../records.ts'
import { Cgroup, removeCgroup, type CgroupPlace } from './cgroups.ts'
import { forwarderBytes, forwarderPlaces, startForwarder } from './forwarding.ts'
import { endRecordedHolder, recordHolder } from './holder-record.ts'
import { Holder, StagingRefused } from './holder.ts'
import { NamespaceSandbox } from './namespace-sandbox.ts'
import type { Runtime } from './runtime.ts'
import { Sources } from './sources.ts'
import { planStaging, stagingMethods, type StagingMethod } from './staging.ts'

/** Where what a sandbox writes is kept: in memory with a hard limit, or in the state directory, watched. */
export type UpperKind = 'tmpfs' | 'disk'

export interface NamespaceHostParts {
  readonly stateDirectory: string
  readonly runtime: Runtime
  readonly upper: UpperKind
  readonly logger: Logger
  readonly onEgress: (decision: EgressDecision) => void
  readonly certificates: string | null
  /** Where control groups can be made, or null to do without. */
  readonly cgroups: CgroupPlace | null
}

/** Bundles of certificate authorities of the common distributions, visible inside under the same path. */
const systemCertificates = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt']
const certificatesInside = '/opt/atelier/authorities.pem'

/** Makes sandboxes of Linux namespaces. */
export class NamespaceHost implements SandboxHost {
  readonly #parts: NamespaceHostParts
  readonly #records: SandboxRecords
  readonly #open = new Set<Sandbox>()
  #methods: readonly StagingMethod[]

  constructor(parts: NamespaceHostParts, records: SandboxRecords) {
    this.#parts = parts
    this.#records = records
    this.#methods = stagingMethods(parts.runtime)
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    checkSpec(spec)
    const id = createId('sbx')
    const directory = await this.#records.add(id, spec.runId)
    const undo: (() => Promise<unknown>)[] = [() => this.#records.remove(id)]
    const release = async (): Promise<void> => {
      for (const step of undo.splice(0).reverse()) await step()
    }
    try {
      const egress = await this.#openEgress(id, directory, spec)
      if (egress !== null) undo.push(() => egress.close())
      const holder = await this.#startHolder(directory, spec)
      undo.push(() => holder.stop())
      await recordHolder(directory, holder.pid)
      const cgroup = await this.#makeCgroup(id, spec)
      if (cgroup !== null) undo.splice(1, 0, () => cgroup.remove())
      const isolation = {
        runtime: this.#parts.runtime,
        holder,
        limits: spec.limits,
        environment: egress === null ? {} : egressVariables(this.#certificatesFor()),
        hasGitDirectory: spec.layers.some(hasGitDirectory),
      }
      if (egress !== null) await startForwarder(isolation)
      const overheadBytes = egress === null ? 0 : forwarderBytes
      const { upper } = this.#parts
      const sandbox = new NamespaceSandbox({
        id,
        spec,
        isolation,
        overheadBytes,
        cgroup,
        watchesDisk: upper === 'disk',
        release: async () => {
          this.#open.delete(sandbox)
          await release()
        },
      })
      this.#open.add(sandbox)
      return sandbox
    } catch (error) {
      await release()
      throw error
    }
  }

  reap(): Promise<number> {
    const { logger, cgroups } = this.#parts
    return this.#records.reap(logger, async (id, directory) => {
      await endRecordedHolder(directory)
      if (cgroups !== null) await removeCgroup(cgroups, groupName(id))
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((sandbox) => sandbox.destroy()))
  }

  /** A group that cannot be made is no reason to fail: it only adds to limits that hold without it. */
  async #makeCgroup(id: string, { limits }: SandboxSpec): Promise<Cgroup | null> {
    const { cgroups, upper, logger } = this.#parts
    if (cgroups === null) return null
    const filesInMemory = upper === 'tmpfs' ? limits.diskBytes : 0
    const memoryBytes = limits.memoryBytes + filesInMemory + forwarderBytes
    try {
      return await Cgroup.make(cgroups, groupName(id), {
        memoryBytes,
        processes: limits.processes + launcherProcesses,
      })
    } catch (error) {
      logger.log('debug', { sandbox: id, error }, 'No control group for a sandbox')
      return null
    }
  }

  async #openEgress(id: string, directory: string, spec: SandboxSpec): Promise<Egress | null> {
    if (spec.egress.kind === 'none') return null
    const { logger, onEgress } = this.#parts
    return openEgress(join(directory, 'egress'), {
      sandboxId: id,
      runId: spec.runId,
      policy: spec.egress,
      onDecision: (decision) => {
        logger.log(decision.allowed ? 'debug' : 'warn', { ...decision }, 'Egress from a sandbox')
        onEgress(decision)
      },
    })
  }

  /** Starts the holder with the best staging method that works here; one that was refused is not tried again. */
  async #startHolder(directory: string, spec: SandboxSpec): Promise<Holder> {
    for (const method of this.#methods)
      try {
        return await this.#startHolderBy(method, directory, spec)
      } catch (error) {
        if (!(error instanceof StagingRefused)) throw error
        this.#methods = this.#methods.filter((other) => other !== method)
        if (this.#methods.length === 0)
          throw sandboxErrors.LAUNCH_FAILED({ detail: error.message, cause: error })
        this.#parts.logger.log('info', { method, reason: error.message }, 'Staging sandboxes differently')
      }
    throw sandboxErrors.LAUNCH_FAILED({ detail: 'no way to stage directories works on this machine' })
  }

  async #startHolderBy(method: StagingMethod, directory: string, spec: SandboxSpec): Promise<Holder> {
    const { runtime, upper, certificates } = this.#parts
    const sources = new Sources()
    const layers = spec.layers.length > 0 ? spec.layers : [await emptyDirectory(directory, 'empty', runtime)]
    const authorities = certificates === null ? [] : [{ source: certificates, target: certificatesInside }]
    const { node, script, egress } = forwarderPlaces
    const forwarder = [
      { place: (): number => sources.file(process.execPath), target: node.holder },
      { place: (): number => sources.file(join(runtime.directory, 'forwarder.mts')), target: script.holder },
      { place: (): number => sources.file(join(directory, 'egress')), target: egress.holder },
    ]
    const plan = {
      layers: layers.map((path) => sources.layer(path)),
      binds: [...spec.readOnlyBinds, ...authorities].map(({ source, target }) => ({
        place: sources.file(source),
        target,
      })),
      extras:
        spec.egress.kind === 'none' ? [] : forwarder.map(({ place, target }) => ({ place: place(), target })),
      synthetic: sources.file(join(runtime.directory, 'etc')),
      limits: spec.limits,
      disk: upper === 'disk' ? sources.file(await emptyDirectory(directory, 'disk', runtime)) : null,
    }
    const staging = await planStaging(runtime, method, directory, sources.list)
    return Holder.start(runtime, { ...plan, staging })
  }

  #certificatesFor(): string | null {
    if (this.#parts.certificates !== null) return certificatesInside
    return systemCertificates.find((path) => existsSync(path)) ?? null
  }
}

/** Processes of the launcher itself that may be in a group at the same time. */
const launcherProcesses = 64

const groupName = (id: string): string => `atelier-${id}`

/** Makes a directory that the sandbox's user owns. */
async function emptyDirectory(parent: string, name: string, { identity }: Runtime): Promise<string> {
  const path = join(parent, name)
  await mkdir(path, { recursive: true })
  await chmod(path, 0o755)
  if (identity.isRoot) await chown(path, identity.uid, identity.gid)
  return path
}

/** Whether a layer brings a `.git`; a link could point anywhere and is not protected, for git would not write there. */
function hasGitDirectory(layer: string): boolean {
  const stats = lstatSync(join(layer, '.git'), { throwIfNoEntry: false })
  return stats !== undefined && !stats.isSymbolicLink() && !stats.isCharacterDevice()
}
