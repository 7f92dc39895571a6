import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'oxfmt'
import { type Operation, operations } from '../contracts/api/index.ts'

const file = join(import.meta.dirname, '../api/client/routes.ts')

/** The table by which the client, that knows no schema, finds its way. */
export async function renderClientRoutes(): Promise<string> {
  const entries = Object.values<Operation>(operations).map(({ id, method, path, answer }) => {
    const isStream = 200 in answer && 'events' in answer[200]
    return `${id}: ['${method}', '${path}'${isStream ? `, 'stream'` : ''}],`
  })
  const text = `/** Method and path of an operation. */
export type RouteEntry = readonly [method: string, path: string, kind?: 'stream']

/** Made from \`src/contracts/api\` by \`npm run client\`. */
export const routes: Readonly<Record<string, RouteEntry>> = {
${entries.join('\n')}
}
`
  const { code } = await format('routes.ts', text, { semi: false, singleQuote: true, printWidth: 110 })
  return code
}

if (import.meta.main) {
  const text = await renderClientRoutes()
  if (text !== readFileSync(file, { encoding: 'utf8', flag: 'a+' })) writeFileSync(file, text)
}
