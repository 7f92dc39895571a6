/*
 * Runs inside a sandbox, as one of its programs, and carries TCP connections to the egress proxy's Unix socket, because
 * hardly any program can be told to use a proxy on such a socket. It decides nothing: whoever goes around it finds the
 * network empty. Arguments: the port on 127.0.0.1 and the path of the socket.
 */
import { connect, createServer, type Socket } from 'node:net'

const [port, socketPath] = process.argv.slice(2)

const server = createServer({ allowHalfOpen: true }, (client: Socket) => {
  const proxy = connect({ path: socketPath ?? '', allowHalfOpen: true })
  client.on('error', () => proxy.destroy())
  proxy.on('error', () => client.destroy())
  client.pipe(proxy).pipe(client)
})
server.maxConnections = 256
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'))
