import { once } from 'node:events'
import { forwarderPort, socketName } from '../egress/index.ts'
import { sandboxErrors } from '../errors.ts'
import { launch, type Isolation, type PrivateBind } from './launcher.ts'

/** Where the studio's own files lie: in the holder, and, for the forwarder alone, inside the sandbox. */
export const forwarderPlaces = {
  node: { holder: '/studio/node', inside: '/opt/atelier/node' },
  script: { holder: '/studio/forwarder.mts', inside: '/opt/atelier/forwarder.mts' },
  egress: { holder: '/studio/egress', inside: '/opt/atelier/egress' },
} as const

/** Memory that the forwarder may take, which is not counted against the sandbox. */
export const forwarderBytes = 192 * 1024 * 1024

const startTimeoutMs = 20_000
const dayMs = 24 * 60 * 60 * 1000

/**
 * Starts the forwarder in the sandbox's network, isolated like any command. It alone sees the proxy's socket. It ends
 * with the sandbox.
 */
export async function startForwarder(isolation: Isolation): Promise<void> {
  const { node, script, egress } = forwarderPlaces
  const binds = [node, script, egress].map((place): PrivateBind => ['--ro-bind', place.holder, place.inside])
  const limits = { ...isolation.limits, memoryBytes: 2 ** 31, cpuSeconds: dayMs / 1000, processes: 64 }
  const socket = `${egress.inside}/${socketName}`
  const argv = [node.inside, '--no-warnings', script.inside, String(forwarderPort), socket] as const
  const { child, kill } = launch(
    { ...isolation, limits },
    { argv, cwd: '/', timeoutMs: dayMs },
    'ignore',
    binds,
  )
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8').slice(0, 4096)))
  const timer = setTimeout(kill, startTimeoutMs)
  try {
    const ended = once(child, 'exit').then(() => 'ended')
    const ready = child.stdout === null ? ended : once(child.stdout, 'data').then(() => 'ready')
    if ((await Promise.race([ended, ready])) === 'ended')
      throw sandboxErrors.LAUNCH_FAILED({ detail: `the forwarder did not start: ${complaint.trim()}` })
  } finally {
    clearTimeout(timer)
  }
}
