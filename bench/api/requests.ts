import { Client } from 'pg'
import { Pool } from 'undici'
import { quantile, timed, timesOf, type Times } from './figures.ts'
import type { Installation } from './installation.ts'
import { probesOf, type Probe } from './probes.ts'

export interface Measured {
  readonly name: string
  readonly kind: Probe['kind']
  readonly full: Times
  readonly empty: Times
  /** The bare query on the full database, by this process, as the role and the tenant that the studio works as. */
  readonly bare: Times
}

const mostWarmUps = 5

/**
 * Times every request on a database with a long history, the same on one that is almost empty, and the bare query, in
 * turn, so that what else the machine does hits all alike.
 */
export async function measureRequests(
  full: Installation,
  empty: Installation,
  repeats: number,
): Promise<readonly Measured[]> {
  await using one = await openSide(full)
  await using other = await openSide(empty)
  const pairs = one.probes.map((probe, index) => ({ probe, same: other.probes[index] ?? probe }))
  const warmUps = Math.min(mostWarmUps, repeats)
  const measured: Measured[] = []
  for (const { probe, same } of pairs) {
    const taken = { full: [] as number[], empty: [] as number[], bare: [] as number[] }
    for (let round = -warmUps; round < repeats; round += 1) {
      const times = {
        full: await timed(() => one.ask(probe)),
        empty: await timed(() => other.ask(same)),
        bare: await timed(() => one.query(probe)),
      }
      if (round < 0) continue
      for (const side of ['full', 'empty', 'bare'] as const) taken[side].push(times[side])
    }
    const { name, kind } = probe
    const result = {
      name,
      kind,
      full: timesOf(taken.full),
      empty: timesOf(taken.empty),
      bare: timesOf(taken.bare),
    }
    measured.push(result)
    console.log(lineOf(result))
  }
  return measured
}

function lineOf({ name, full, empty, bare }: Measured): string {
  const times = ({ p50, p95 }: Times): string => `${p50.toFixed(1)}/${p95.toFixed(1)}`
  const against = (other: Times): string =>
    `×${(full.p50 / other.p50).toFixed(1)}/${(full.p95 / other.p95).toFixed(1)}`
  return [
    name.padEnd(28),
    `full ${times(full)} ms`.padEnd(24),
    `empty ${times(empty)} (${against(empty)})`.padEnd(30),
    `bare ${times(bare)} (${against(bare)})`,
  ].join(' ')
}

/** Worst and middle ratio of what is to be as quick on a full database as on an empty one. */
export function ratiosToEmpty(measured: readonly Measured[]): {
  readonly middle: number
  readonly worst: number
} {
  const ratios = measured
    .filter(({ kind }) => kind !== 'report')
    .map(({ full, empty }) => full.p95 / empty.p95)
  return { middle: quantile(ratios, 0.5), worst: Math.max(...ratios) }
}

/** One installation, with a connection to its database and one to its server. */
async function openSide({ target, tenantId, url, authorizations }: Installation) {
  const client = new Client({ connectionString: target.application ?? target.owner, ssl: false })
  const pool = new Pool(url, { connections: 1 })
  await client.connect()
  await client.query(`select set_config('atelier.tenant_id', $1, false)`, [tenantId])
  const probes = await probesOf(client, tenantId)
  let turn = 0
  return {
    probes,
    /** Each time as somebody else: what one person may ask in a minute is limited. */
    ask: async ({ name, path }: Probe): Promise<void> => {
      const authorization = authorizations[(turn += 1) % authorizations.length] ?? ''
      const answer = await pool.request({ method: 'GET', path, headers: { authorization } })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`${name}: ${answer.statusCode} ${text.slice(0, 300)}`)
    },
    query: async ({ name, bare, values }: Probe): Promise<void> => {
      await client.query({ name, text: bare, values: [tenantId, ...values] })
    },
    [Symbol.asyncDispose]: async () => {
      await pool.close()
      await client.end()
    },
  }
}
