/** Asks one server for as long as it is told, some calls at a time, and tells how long the calls took. */
import { Pool } from 'undici'

/** What to ask, whom, and for how long. */
export interface LoadOrder {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly concurrency: number
  readonly milliseconds: number
}

export interface LoadReport {
  readonly calls: number
  readonly failures: number
  /** Milliseconds of one call. */
  readonly p50: number
  readonly p95: number
  readonly perSecond: number
}

/** Hears from the parser itself, because what the load takes of the processors is not there for whom it asks. */
function post(
  pool: Pool,
  headers: LoadOrder['headers'],
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let status = 0
    pool.dispatch(
      { method: 'POST', path: '/v1/chat/completions', headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code
        },
        onResponseData: (_controller, piece) => {
          pieces.push(piece)
        },
        onResponseEnd: () => resolve({ status, text: Buffer.concat(pieces).toString() }),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })
}

async function load({ url, headers, body, concurrency, milliseconds }: LoadOrder): Promise<LoadReport> {
  const pool = new Pool(url, { connections: concurrency, pipelining: 1 })
  const taken: number[] = []
  let failures = 0
  const begun = performance.now()
  const ask = async (): Promise<void> => {
    while (performance.now() - begun < milliseconds) {
      const asked = performance.now()
      const { status, text } = await post(pool, headers, body)
      // A call that was refused, or an answer without its end, is none.
      if (status !== 200 || !(text.includes('"usage"') || text.includes('[DONE]'))) {
        failures += 1
        if (failures === 1) process.stderr.write(`${status} ${text.slice(0, 500)}\n`)
      } else taken.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, ask))
  const seconds = (performance.now() - begun) / 1000
  await pool.close()
  taken.sort((one, other) => one - other)
  return {
    calls: taken.length,
    failures,
    p50: taken[Math.floor(taken.length * 0.5)] ?? Number.NaN,
    p95: taken[Math.floor(taken.length * 0.95)] ?? Number.NaN,
    perSecond: taken.length / seconds,
  }
}

process.on('message', (order: LoadOrder) => {
  void load(order).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit())
