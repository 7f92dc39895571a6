import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Targets } from './catalogue.ts'
import { program32 } from './program32.ts'

/** Targets on this machine, and what has become of them. */
export interface PreparedTargets {
  readonly directory: string
  readonly targets: Targets
  /** Bytes that arrived at the host's sockets. */
  readonly received: () => number
  readonly processLives: () => boolean
  readonly remove: () => Promise<void>
}

/** Puts targets within reach of every user of this machine; `user` is whom the sandboxes run as. */
export async function prepareTargets(
  secret: string,
  user: { uid: number; gid: number } | null,
): Promise<PreparedTargets> {
  const directory = await mkdtemp(join(tmpdir(), 'atelier-attacks-'))
  await chmod(directory, 0o755)
  const workspace = join(directory, 'workspace')
  const boundDirectory = join(directory, 'bound')
  const secretFile = join(directory, 'secret')
  const socketPath = join(directory, 'host.sock')
  const abstractSocket = `atelier-attack-${process.pid}`
  await mkdir(join(workspace, '.git/hooks'), { recursive: true })
  await mkdir(boundDirectory)
  await writeFile(secretFile, secret)
  await writeFile(join(workspace, '.git/config'), '[core]\n')
  await symlink(secretFile, join(workspace, 'link-out'))
  await copyFile(join(import.meta.dirname, 'attack.pl'), join(workspace, 'attack.pl'))
  await writeFile(join(workspace, 'program32'), program32(), { mode: 0o755 })
  await copyFile('/usr/bin/id', join(workspace, 'setuid-id'))
  await chmod(join(workspace, 'setuid-id'), 0o4755)

  let received = 0
  const listen = async (where: number | string): Promise<() => number> => {
    const server = createServer((socket) => {
      received += 1
      socket.destroy()
    })
    server.listen(typeof where === 'number' ? { port: where, host: '127.0.0.1' } : where)
    await once(server, 'listening')
    closers.push(() => server.close())
    return () => (server.address() as AddressInfo).port
  }
  const closers: (() => unknown)[] = []
  const port = await listen(0)
  await listen(socketPath)
  await chmod(socketPath, 0o777)
  await listen(`\0${abstractSocket}`)
  const udp = createSocket('udp4', (_message, from) => {
    received += 1
    udp.send('answer', from.port, from.address)
  })
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  closers.push(() => udp.close())
  const victim = spawn('sleep', ['600'], { ...user, stdio: 'ignore' })
  closers.push(() => victim.kill('SIGKILL'))

  return {
    directory,
    targets: {
      ...{ workspace, secretFile, secret, boundDirectory, socketPath, abstractSocket },
      processId: victim.pid ?? -1,
      tcpPort: port(),
      udpPort: udp.address().port,
    },
    received: () => received,
    processLives: () => victim.exitCode === null && victim.signalCode === null,
    async remove() {
      for (const close of closers) close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
