import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { silentLogger } from '../../kernel/index.ts'
import type { EgressDecision } from './egress/index.ts'
import { createNamespaceHost } from './namespaces/create-host.ts'
import type { UpperKind } from './namespaces/namespace-host.ts'
import type { SandboxHost, SandboxLimits, SandboxSpec } from './port.ts'
import { createUnconfinedHost } from './unconfined/unconfined-host.ts'

/** Content of a directory by path: text, or where a symbolic link points. */
export type Tree = Readonly<Record<string, string | { readonly pointsTo: string }>>

/** A temporary directory for one test file, with a host of each kind in it. */
export interface Fixture {
  readonly directory: string
  readonly decisions: EgressDecision[]
  namespaces(upper?: UpperKind): Promise<SandboxHost>
  unconfined(): Promise<SandboxHost>
  /** Writes a layer and returns its directory. */
  layer(tree: Tree): Promise<string>
  spec(
    spec?: Partial<Omit<SandboxSpec, 'limits'>> & { readonly limits?: Partial<SandboxLimits> },
  ): SandboxSpec
  remove(): Promise<void>
}

const mebibyte = 1024 * 1024

/** Makes a fixture; everything it made goes away with `remove`. */
export async function createFixture(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'atelier-sandbox-'))
  await chmod(directory, 0o755)
  const hosts: SandboxHost[] = []
  const decisions: EgressDecision[] = []
  const keep = (host: SandboxHost): SandboxHost => {
    hosts.push(host)
    return host
  }
  return {
    directory,
    decisions,
    async namespaces(upper) {
      const options = { stateDirectory: join(directory, `state-${hosts.length}`), logger: silentLogger }
      const onEgress = (decision: EgressDecision): number => decisions.push(decision)
      return keep(
        await createNamespaceHost({ ...options, onEgress, ...(upper === undefined ? {} : { upper }) }),
      )
    },
    async unconfined() {
      const stateDirectory = join(directory, `state-${hosts.length}`)
      return keep(await createUnconfinedHost({ stateDirectory, logger: silentLogger }))
    },
    async layer(tree) {
      const path = join(directory, `layer-${randomBytes(6).toString('hex')}`)
      await mkdir(path)
      for (const [name, content] of Object.entries(tree)) {
        await mkdir(dirname(join(path, name)), { recursive: true })
        if (typeof content === 'string') await writeFile(join(path, name), content)
        else await symlink(content.pointsTo, join(path, name))
      }
      return path
    },
    spec: ({ limits, ...rest } = {}) => ({
      runId: 'run_test',
      layers: [],
      readOnlyBinds: [],
      egress: { kind: 'none' },
      ...rest,
      limits: {
        memoryBytes: 512 * mebibyte,
        processes: 128,
        diskBytes: 128 * mebibyte,
        outputBytes: mebibyte,
        cpuSeconds: 30,
        ...limits,
      },
    }),
    async remove() {
      for (const host of hosts) await host.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
