import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AtelierError } from '../../../kernel/index.ts'
import { silentLogger } from '../../../kernel/index.ts'
import { sandboxErrors } from '../errors.ts'
import { SandboxRecords } from '../records.ts'
import { NamespaceHost, type UpperKind } from './namespace-host.ts'
import { prepareRuntime } from './runtime.ts'

/** Whether this machine can isolate untrusted code, and if not, why and what to do about it. */
export type SandboxProbe =
  | {
      readonly usable: true
      /** The user that sandboxes run as on the host. */
      readonly uid: number
      readonly upper: UpperKind
    }
  | { readonly usable: false; readonly cause: string; readonly remedies: readonly string[] }

/** Ways out that hold on every machine. */
const generalRemedies = [
  'Run sandboxes through the Docker or Podman API, or on Kubernetes.',
  'For a repository you trust: pass `--sandbox none`. Nothing is isolated then, and the evidence says so.',
]

/** Makes a sandbox, tries the parts that depend on the kernel, and removes it again; takes about 100 ms. */
export async function probeSandbox(): Promise<SandboxProbe> {
  if (process.platform !== 'linux')
    return {
      usable: false,
      cause: `namespaces exist on Linux only, not on ${process.platform}`,
      remedies: generalRemedies,
    }
  const directory = await mkdtemp(join(tmpdir(), 'atelier-probe-'))
  await chmod(directory, 0o755)
  try {
    const runtime = await prepareRuntime(directory)
    const problems: string[] = []
    for (const upper of ['tmpfs', 'disk'] as const) {
      const problem = await tryUpper(directory, runtime, upper)
      if (problem === null) return { usable: true, uid: runtime.identity.uid, upper }
      problems.push(problem)
    }
    return { usable: false, ...explain(problems.at(-1) ?? '') }
  } catch (error) {
    return { usable: false, ...explain(error instanceof Error ? error.message : String(error)) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The error for a machine that the probe found unusable. */
export function unusable(probe: Extract<SandboxProbe, { usable: false }>): AtelierError {
  const ways = probe.remedies.map((remedy) => `\n  - ${remedy}`).join('')
  return sandboxErrors.NO_NAMESPACES({ detail: `${probe.cause}. Ways out:${ways}`, details: { ...probe } })
}

/** Replaces a directory of a layer, which needs extended attributes on the writable side. Null if it works. */
async function tryUpper(
  directory: string,
  runtime: Awaited<ReturnType<typeof prepareRuntime>>,
  upper: UpperKind,
): Promise<string | null> {
  const layer = join(directory, `layer-${upper}`)
  await mkdir(join(layer, 'replaced'), { recursive: true })
  await writeFile(join(layer, 'replaced/old'), '')
  const stateDirectory = join(directory, `state-${upper}`)
  const records = await SandboxRecords.open(stateDirectory)
  const parts = {
    stateDirectory,
    runtime,
    upper,
    logger: silentLogger,
    certificates: null,
    onEgress: () => undefined,
    cgroups: null,
  }
  const host = new NamespaceHost(parts, records)
  try {
    const mebibyte = 1024 * 1024
    const sandbox = await host.create({
      runId: 'probe',
      layers: [layer],
      readOnlyBinds: [],
      egress: { kind: 'none' },
      limits: {
        memoryBytes: 256 * mebibyte,
        processes: 32,
        diskBytes: 16 * mebibyte,
        outputBytes: 4096,
        cpuSeconds: 10,
      },
    })
    const script = 'rm -r replaced && mkdir replaced && test ! -e replaced/old && echo works'
    const { stdout, stderr } = await sandbox.run({ argv: ['/bin/sh', '-c', script], timeoutMs: 10_000 })
    return stdout === 'works\n' ? null : `the workspace cannot be written: ${stderr.trim()}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await host.close()
  }
}

/** Looks for the reason why namespaces were refused. */
function explain(problem: string): { readonly cause: string; readonly remedies: readonly string[] } {
  const found = reasons.find(({ applies }) => applies(problem))
  if (found === undefined) return { cause: problem, remedies: generalRemedies }
  return {
    cause: `${found.cause} (${problem})`,
    remedies: [typeof found.remedy === 'string' ? found.remedy : found.remedy(), ...generalRemedies],
  }
}

const setting = (path: string): string => {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim()
  } catch {
    return ''
  }
}

const reasons: readonly {
  applies: (problem: string) => boolean
  cause: string
  remedy: string | (() => string)
}[] = [
  {
    applies: (problem) => problem.includes('must be installed'),
    cause: 'a program is missing',
    remedy: installCommand,
  },
  {
    applies: () => setting('kernel/apparmor_restrict_unprivileged_userns') === '1',
    cause: 'AppArmor forbids unprivileged user namespaces, as Ubuntu has done since 24.04',
    remedy:
      'Allow them: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (keep it in /etc/sysctl.d), or give ' +
      '/usr/bin/bwrap an AppArmor profile with the rule `userns,`.',
  },
  {
    applies: () => setting('kernel/unprivileged_userns_clone') === '0',
    cause: 'the kernel setting unprivileged_userns_clone forbids them',
    remedy: 'Allow them: `sudo sysctl -w kernel.unprivileged_userns_clone=1` (keep it in /etc/sysctl.d).',
  },
  {
    applies: () => setting('user/max_user_namespaces') === '0',
    cause: 'the kernel setting max_user_namespaces is 0',
    remedy: 'Allow them: `sudo sysctl -w user.max_user_namespaces=15000` (keep it in /etc/sysctl.d).',
  },
  {
    applies: (problem) =>
      /not permitted|permission/i.test(problem) &&
      (existsSync('/.dockerenv') || existsSync('/run/.containerenv')),
    cause: 'this container may not make namespaces or mount procfs',
    remedy:
      'Start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined ' +
      '--security-opt systempaths=unconfined`, or use the sandboxes of the machine around it.',
  },
]

function installCommand(): string {
  const managers = [
    ['/usr/bin/apt-get', 'sudo apt-get install -y bubblewrap util-linux'],
    ['/usr/bin/dnf', 'sudo dnf install -y bubblewrap util-linux'],
    ['/usr/bin/pacman', 'sudo pacman -S --noconfirm bubblewrap util-linux'],
    ['/sbin/apk', 'sudo apk add bubblewrap util-linux-misc'],
    ['/usr/bin/zypper', 'sudo zypper install -y bubblewrap util-linux'],
  ] as const
  const command = managers.find(([path]) => existsSync(path))?.[1]
  return command === undefined ? 'Install bubblewrap and util-linux.' : `Install them: \`${command}\``
}
