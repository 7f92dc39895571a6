/*
 * Makes a sandbox as whoever runs this, lets every attack loose inside it and, as a control, outside, and prints what
 * happened as one line of JSON. Expects the secret in the environment and, on descriptor 40, a file that holds it.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLogger } from '../../../kernel/index.ts'
import { createNamespaceHost } from '../index.ts'
import type { Sandbox } from '../port.ts'
import { attackEnvironment, attacks, type Attack, type Targets } from './catalogue.ts'
import { prepareTargets } from './targets.ts'

/** How one attack went, inside the sandbox and outside. */
interface AttackOutcome {
  readonly name: string
  readonly inside: { readonly output: string; readonly ended: string }
  /** What the attack printed outside; null if the control does not apply. */
  readonly outside: string | null
}

export interface AttackReport {
  readonly uid: number
  readonly outcomes: readonly AttackOutcome[]
  /** Messages that reached the host from inside. */
  readonly messagesFromInside: number
  readonly hostProcessLives: boolean
  /** Processes that were left inside when all attacks had ended. */
  readonly leftInside: string
  /** What the layer looks like on the host afterwards. */
  readonly layerIsUntouched: boolean
}

const limits = {
  memoryBytes: 256 * 1024 * 1024,
  processes: 64,
  diskBytes: 64 * 1024 * 1024,
  outputBytes: 65_536,
  cpuSeconds: 20,
}

async function main(secret: string): Promise<AttackReport> {
  const uid = process.getuid?.() ?? -1
  const prepared = await prepareTargets(secret, uid === 0 ? { uid: 61_000, gid: 61_000 } : null)
  const { targets, directory } = prepared
  const host = await createNamespaceHost({ stateDirectory: join(directory, 'state'), logger: silentLogger })
  try {
    const sandbox = await host.create({
      runId: 'attacks',
      layers: [targets.workspace],
      readOnlyBinds: [{ source: targets.boundDirectory, target: '/opt/bound' }],
      egress: { kind: 'none' },
      limits,
    })
    const inside: AttackOutcome['inside'][] = []
    for (const attack of attacks) inside.push(await attackInside(sandbox, attack, targets))
    const messagesFromInside = prepared.received()
    const left = await sandbox.run({ argv: ['sh', '-c', 'ls -d /proc/[0-9]* | wc -l'], timeoutMs: 5_000 })
    const hostProcessLives = prepared.processLives()
    await sandbox.destroy()
    const layer = await readFile(join(targets.workspace, '.git/config'), 'utf8')
    const outcomes: AttackOutcome[] = []
    for (const [index, attack] of attacks.entries())
      outcomes.push({
        name: attack.name,
        inside: inside[index] ?? { output: '', ended: '' },
        outside: applies(attack, uid) ? await attackOutside(attack, targets, directory) : null,
      })
    return {
      ...{ uid, outcomes, messagesFromInside, hostProcessLives },
      leftInside: left.stdout.trim(),
      layerIsUntouched: layer === '[core]\n',
    }
  } finally {
    await host.close()
    await prepared.remove()
  }
}

function applies({ control }: Attack, uid: number): boolean {
  return control === 'anybody' || (control === 'root' && uid === 0)
}

async function attackInside(
  sandbox: Sandbox,
  attack: Attack,
  targets: Targets,
): Promise<AttackOutcome['inside']> {
  const argv = attack.argv(targets, '/workspace')
  const { ended, stdout, stderr } = await sandbox.run({ argv, env: attackEnvironment, timeoutMs: 15_000 })
  await sandbox.rollback()
  return {
    output: (stdout + stderr).trim(),
    ended: ended.kind === 'exited' ? `status ${ended.code}` : `killed: ${ended.by}`,
  }
}

async function attackOutside(attack: Attack, targets: Targets, directory: string): Promise<string> {
  const workspace = await mkdtemp(join(directory, 'outside-'))
  await cp(targets.workspace, workspace, { recursive: true, verbatimSymlinks: true })
  const [program, ...argv] = attack.argv(targets, workspace)
  const child = spawn(program, argv, {
    env: { ...process.env, ...attackEnvironment },
    cwd: workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')))
  await new Promise((resolve) => child.once('close', resolve))
  await rm(workspace, { recursive: true, force: true })
  return output.trim()
}

const secret = process.env['ATELIER_ATTACK_SECRET']
if (secret === undefined) throw new Error('there is no secret to steal')
console.log(JSON.stringify(await main(secret)))
