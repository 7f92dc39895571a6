import type { Client } from '../api/client/index.ts'

const wholeId = /^run_[0-9a-z]{26}$/i

/** Runs that are looked through for a part of an id, the newest. */
const mostRuns = 200

/**
 * The run that somebody means by an id, a unique part of one, or `latest`.
 * @throws ATL_STUDIO_NO_RUNS, ATL_STUDIO_RUN_AMBIGUOUS
 */
export async function findRun(client: Client, name: string): Promise<string> {
  if (wholeId.test(name)) return name
  if (name === 'latest') {
    const [newest] = (await client.listRuns({ query: { limit: 1 } })).items
    if (newest !== undefined) return newest.id
    throw (await loadErrors()).NO_RUNS()
  }
  const { items } = await client.listRuns({ query: { limit: mostRuns, text: name } })
  const [match, another] = items.filter(({ id }) => id.includes(name))
  if (match !== undefined && another !== undefined) throw (await loadErrors()).RUN_AMBIGUOUS({ detail: name })
  // Whether there is a run of this name after all is for the studio to say.
  return match?.id ?? name
}

/** A command that finds its run needs nothing else of the studio's own code. */
async function loadErrors() {
  return (await import('../api/index.ts')).apiErrors
}
