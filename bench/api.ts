import { parseArgs } from 'node:util'
import { figure, type Times } from './api/figures.ts'
import { openInstallation } from './api/installation.ts'
import { hasBrowser, measurePages, type MeasuredPages } from './api/pages.ts'
import { type Measured, measureRequests, ratiosToEmpty } from './api/requests.ts'
import { measureStreams, type StreamReport } from './api/streams.ts'
import type { BenchmarkResult } from './run.ts'

const goal = {
  'p95 of lists and details, in that on an almost empty database, the middle one at most': 1.5,
  'p95 of lists and details, in that on an almost empty database, the worst at most': 3,
  'p95 of first contentful paint, in that on an almost empty database, at most': 2,
  'p95 of an event on its way to all streams, ms, at most': 1000,
}

/** Runs of the database that others are compared with: enough that its pages are as long. */
const almostEmpty = 700

/**
 * What the API is like with the history of a big team, against itself on a database that is almost empty and against the
 * bare query: every list with its filters and far into it, every part of a run, the reports; pages in a browser; and
 * event streams of runs that another process performs.
 */
export default async function benchmarkApi(args: string[]): Promise<BenchmarkResult> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '100000' },
      streams: { type: 'string', default: '500' },
      repeats: { type: 'string', default: '30' },
      loads: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '15' },
    },
  })
  const [runs, streams, repeats, loads, seconds] = [
    ...[values.runs, values.streams, values.repeats, values.loads, values.seconds].map(Number),
  ] as [number, number, number, number, number]
  // As many as it takes for nobody to reach the limits of one person.
  const people = Math.min(100, Math.max(20, streams))
  await using full = await openInstallation({ runs, people })
  console.log(`${runs} runs were written in ${full.filledIn.toFixed(0)} s.`)
  await using empty = await openInstallation({ runs: Math.min(runs, almostEmpty), people })
  const measured = await measureRequests(full, empty, repeats)
  const pages = hasBrowser && loads > 0 ? await measurePages([full, empty], loads) : undefined
  if (pages === undefined) console.log('No pages were loaded: there is no Chromium, or none was asked for.')
  const [one, many] = await measureStreams(full, { streams: [2, streams], seconds })
  if (one === undefined || many === undefined) throw new Error('two reports were expected')
  const toEmpty = ratiosToEmpty(measured)
  const paint = pages === undefined ? undefined : worstPaint(pages)
  return {
    figures: {
      runs,
      'seconds to write the history': figure(full.filledIn),
      ...Object.fromEntries(measured.map((each) => [each.name, figuresOf(each)])),
      ...(pages && pageFigures(pages)),
      'one stream of each kind': streamFigures(one),
      [`${streams} streams`]: streamFigures(many),
      'p95 to a run, in that of one stream': figure(many.run.p95 / one.run.p95),
      'p95 to a tenant, in that of one stream': figure(many.tenant.p95 / one.tenant.p95),
      'p95 in that on an almost empty database, the middle one': figure(toEmpty.middle),
      'p95 in that on an almost empty database, the worst': figure(toEmpty.worst),
    },
    ratio: figure(toEmpty.middle),
    goal,
    ok:
      toEmpty.middle <= 1.5 &&
      toEmpty.worst <= 3 &&
      (paint === undefined || paint <= 2) &&
      Math.max(many.run.p95, many.tenant.p95) <= 1000,
  }
}

function figuresOf({ full, empty, bare }: Measured): string {
  return `${spread(full)}, in empty ${ratio(full, empty)}, in bare ${ratio(full, bare)}`
}

function spread({ p50, p95 }: Times): string {
  return `p50 ${p50.toFixed(1)} p95 ${p95.toFixed(1)} ms`
}

function ratio(one: Times, other: Times): string {
  return `${figure(one.p50 / other.p50)} / ${figure(one.p95 / other.p95)}`
}

function pageFigures([full, empty]: readonly [MeasuredPages, MeasuredPages]): Record<string, string> {
  const lines = (['list', 'run'] as const).flatMap((page) =>
    (['paint', 'content'] as const).map((what) => [
      `page: ${page}, ${what}`,
      `${spread(full[page][what])}, in empty ${ratio(full[page][what], empty[page][what])}`,
    ]),
  )
  return Object.fromEntries(lines) as Record<string, string>
}

function worstPaint([full, empty]: readonly [MeasuredPages, MeasuredPages]): number {
  return Math.max(full.list.paint.p95 / empty.list.paint.p95, full.run.paint.p95 / empty.run.paint.p95)
}

function streamFigures({ run, tenant, arrivalsPerSecond, processor, memory }: StreamReport): string {
  return (
    `to a run ${spread(run)}, to a tenant ${spread(tenant)}, ${arrivalsPerSecond.toFixed(0)} arrivals/s, ` +
    `${(processor * 100).toFixed(0)} % of a core, ${memory.toFixed(0)} MB`
  )
}
