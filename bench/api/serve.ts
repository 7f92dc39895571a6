/** The studio as `atelier serve --roles api` serves it: its steps are left to other processes. */
import { buildProgram, describeCommand } from '../../src/cli/index.ts'
import { createCliContext } from '../../src/main/cli-context.ts'
import { readConfiguration } from '../../src/main/configuration.ts'
import { serveStudio } from '../../src/main/serve.ts'

const [dataDirectory = ''] = process.argv.slice(2)
const studio = await serveStudio(readConfiguration({ dataDirectory }), {
  host: '127.0.0.1',
  port: 0,
  roles: ['api'],
  commands: () => describeCommand(buildProgram(createCliContext().context, () => undefined)),
})
process.send?.({ url: studio.url, ownerLink: studio.ownerLink })
await new Promise((resolve) => process.once('disconnect', resolve))
await studio.close()
