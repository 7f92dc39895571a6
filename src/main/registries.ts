import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { publicRegistries, type Registries } from '../execution/testing/index.ts'

const run = promisify(execFile)

/**
 * The package registries that this machine is set up for, as npm and pip themselves see it. Only addresses and
 * certificates are taken; credentials stay outside of sandboxes.
 */
export async function hostRegistries(environment: NodeJS.ProcessEnv = process.env): Promise<Registries> {
  const [npm, npmCa, pip] = await Promise.all([
    ask('npm', ['config', 'get', 'registry']),
    ask('npm', ['config', 'get', 'cafile']),
    ask('python3', ['-m', 'pip', 'config', 'get', 'global.index-url']),
  ])
  const npmCaFile = npmCa ?? environment['NODE_EXTRA_CA_CERTS']
  const pipCaFile = environment['PIP_CERT'] ?? environment['SSL_CERT_FILE'] ?? npmCaFile
  return {
    npm: {
      url: withoutCredentials(npm) ?? publicRegistries.npm.url,
      ...(npmCaFile === undefined ? {} : { caFile: npmCaFile }),
    },
    pip: {
      url: withoutCredentials(environment['PIP_INDEX_URL'] ?? pip) ?? publicRegistries.pip.url,
      ...(pipCaFile === undefined ? {} : { caFile: pipCaFile }),
    },
  }
}

async function ask(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, args, { timeout: 20_000 })
    const answer = stdout.trim()
    return answer === '' || answer === 'null' || answer === 'undefined' ? undefined : answer
  } catch {
    return undefined
  }
}

function withoutCredentials(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}
