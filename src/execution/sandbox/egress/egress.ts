import { once } from 'node:events'
import { chmod, mkdir } from 'node:fs/promises'
import { openSync, closeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createProxy, type ProxyOptions } from './proxy.ts'

/** The script that carries connections from inside a sandbox to the socket. */
export const forwarderScript = join(import.meta.dirname, 'forwarder.ts')

/** The port on the sandbox's own 127.0.0.1 at which programs find the proxy. */
export const forwarderPort = 47_831

export const socketName = 'proxy.sock'

/** An open proxy of one sandbox. */
export interface Egress {
  close(): Promise<void>
}

/** Opens a proxy on a socket in `directory`, which every user may enter; the sandbox's mounts decide who sees it. */
export async function openEgress(directory: string, options: ProxyOptions): Promise<Egress> {
  await mkdir(directory, { recursive: true })
  await chmod(directory, 0o755)
  const server = createProxy(options)
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  // A socket's path may have 107 bytes only, so the directory is named by a descriptor, which stays open because the
  // server removes the socket by the same name.
  const descriptor = openSync(directory, 'r')
  server.listen(`/proc/self/fd/${descriptor}/${socketName}`)
  try {
    await once(server, 'listening')
    await chmod(join(directory, socketName), 0o666)
  } catch (error) {
    server.close()
    closeSync(descriptor)
    throw error
  }
  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of connections) socket.destroy()
      await closed
      closeSync(descriptor)
    },
  }
}

/** The variables by which programs find the proxy and the certificate authorities. */
export function egressVariables(certificates: string | null): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${forwarderPort}`
  const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']
  const authorities = [
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'PIP_CERT',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
  ]
  return Object.fromEntries([
    ...names.map((name) => [name, proxy]),
    ...['no_proxy', 'NO_PROXY'].map((name) => [name, 'localhost,127.0.0.1,::1']),
    ['NODE_USE_ENV_PROXY', '1'],
    ...(certificates === null ? [] : [...authorities, 'GIT_SSL_CAINFO'].map((name) => [name, certificates])),
  ]) as Record<string, string>
}
