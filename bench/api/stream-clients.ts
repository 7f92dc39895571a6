/** Holds event streams open and notes when which event arrived, in a process of its own. */
import { get } from 'node:http'
import { createInterface } from 'node:readline'
import { z } from 'zod'

export interface StreamOrder {
  readonly url: string
  readonly streams: readonly { readonly path: string; readonly authorization: string }[]
}

/** When an event arrived: the number of the stream, what names the event, and milliseconds of the machine's clock. */
export type Arrival = readonly [stream: number, event: string, at: number]

const eventSchema = z.object({ runId: z.string().optional(), sequence: z.int() })

const arrivals: Arrival[] = []

/** Resolves when the stream has begun. */
function open(
  url: string,
  { path, authorization }: StreamOrder['streams'][number],
  stream: number,
): Promise<void> {
  const runId = /\/runs\/(?<id>[^/]+)\//.exec(path)?.groups?.['id']
  return new Promise((resolve, reject) => {
    get(url + path, { headers: { authorization }, agent: false }, (answer) => {
      createInterface({ input: answer }).on('line', (line) => {
        if (answer.statusCode !== 200) reject(new Error(`${String(answer.statusCode)} ${line}`))
        resolve()
        if (!line.startsWith('data: ')) return
        const at = Number(process.hrtime.bigint()) / 1e6
        const event = eventSchema.safeParse(JSON.parse(line.slice('data: '.length)))
        if (event.success)
          arrivals.push([stream, `${event.data.runId ?? runId ?? ''}/${event.data.sequence}`, at])
      })
    }).on('error', reject)
  })
}

/** So many at a time, as people come. */
const openedAtOnce = 10

async function openAll({ url, streams }: StreamOrder): Promise<void> {
  for (let from = 0; from < streams.length; from += openedAtOnce)
    await Promise.all(
      streams.slice(from, from + openedAtOnce).map((stream, index) => open(url, stream, from + index)),
    )
  process.send?.('open')
}

process.on('message', (order: StreamOrder | 'report') => {
  if (order === 'report') process.send?.(arrivals.splice(0))
  else void openAll(order)
})
process.on('disconnect', () => process.exit())
