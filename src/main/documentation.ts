import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CommandDescription, Documentation } from '../api/documentation/index.ts'
import { type Configuration, productVersion } from './configuration.ts'
import { hostErrors } from './errors.ts'

/** Reads the documentation of the installed package. */
export async function loadDocumentation(
  configuration: Pick<Configuration, 'packageRoot'>,
  commands: CommandDescription,
  surroundings: { readonly besideStudio: boolean },
): Promise<Documentation> {
  // Loaded when somebody looks, since the contracts and the Markdown library take time to load.
  const [{ createDocumentation }, { openApiDocument, operations }] = await Promise.all([
    import('../api/documentation/index.ts'),
    import('../contracts/api/index.ts'),
  ])
  const version = productVersion(configuration)
  const openApi = openApiDocument(Object.values(operations), version)
  return createDocumentation({
    packageRoot: configuration.packageRoot,
    version,
    openApi,
    commands,
    ...surroundings,
  })
}

/**
 * Serves the documentation alone, to this machine alone. It listens at once, and reads what it serves meanwhile.
 * @throws ATL_HOST_DOCS_PORT
 */
export async function serveDocumentation(
  configuration: Pick<Configuration, 'packageRoot'>,
  { port, commands }: { readonly port: number; readonly commands: () => CommandDescription },
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw hostErrors.DOCS_PORT({ detail, cause })
  }
  const loading = loadDocumentation(configuration, commands(), { besideStudio: false })
  // Whoever asks is told; nobody may ever ask.
  loading.catch(() => undefined)
  server.on('request', (request, response) => void respond(loading, request, response))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/docs/`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function respond(
  loading: Promise<Documentation>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '/', headers: asked } = request
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  if (url === '/') {
    response.writeHead(302, { location: '/docs/' }).end()
    return
  }
  try {
    const { status, headers, body } = await (await loading).answer(url, asked['if-none-match'])
    response.writeHead(status, headers).end(method === 'HEAD' ? undefined : body)
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
  }
}
