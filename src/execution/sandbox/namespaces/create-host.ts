import { chmod, mkdir } from 'node:fs/promises'
import type { Logger } from '../../../kernel/index.ts'
import type { EgressDecision } from '../egress/index.ts'
import type { SandboxHost } from '../port.ts'
import { SandboxRecords } from '../records.ts'
import { findCgroupPlace } from './cgroups.ts'
import { NamespaceHost, type UpperKind } from './namespace-host.ts'
import { probeSandbox, unusable } from './probe.ts'
import { prepareRuntime } from './runtime.ts'

export interface NamespaceHostOptions {
  /** Directory for records, sockets and runtime files; made if it is missing. */
  readonly stateDirectory: string
  readonly logger: Logger
  /** Called with every decision of an egress proxy. */
  readonly onEgress?: (decision: EgressDecision) => void
  /** Bundle of certificate authorities for programs inside; the system's own if absent. */
  readonly certificates?: string
  /**
   * Where what sandboxes write is kept: in memory with a hard limit (`tmpfs`), or in the state directory, watched.
   * Memory is the default; before Linux 6.6 it will not do, and the disk is used.
   */
  readonly upper?: UpperKind
}

/**
 * A host whose sandboxes are isolated by Linux namespaces.
 *
 * @throws ATL_SANDBOX_NO_NAMESPACES, with the cause and the ways out, on a machine that cannot do that; there is no
 * silent fallback to less isolation
 */
export async function createNamespaceHost(options: NamespaceHostOptions): Promise<SandboxHost> {
  const probe = await probeSandbox()
  if (!probe.usable) throw unusable(probe)
  const {
    stateDirectory,
    logger,
    onEgress = () => undefined,
    certificates = null,
    upper = probe.upper,
  } = options
  await mkdir(stateDirectory, { recursive: true })
  await chmod(stateDirectory, 0o755)
  const runtime = await prepareRuntime(stateDirectory)
  const records = await SandboxRecords.open(stateDirectory)
  return new NamespaceHost(
    { stateDirectory, runtime, upper, logger, onEgress, certificates, cgroups: findCgroupPlace() },
    records,
  )
}
