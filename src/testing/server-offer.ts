import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

let offered: string | undefined

/** Called in each process that runs tests, with the socket that `offerSharedServer` listens on. */
export function useSharedServer(socketPath: string): void {
  offered = socketPath
}

/** Address of the shared server's superuser, or undefined where no server is offered. */
export async function askForSharedServer(): Promise<string | undefined> {
  if (offered === undefined) return undefined
  const answer: unknown = JSON.parse(await text(connect(offered)))
  if (typeof answer === 'object' && answer !== null && 'url' in answer && typeof answer.url === 'string')
    return answer.url
  throw new Error(`the shared test server did not start: ${JSON.stringify(answer)}`)
}
