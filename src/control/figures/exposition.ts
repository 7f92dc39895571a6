import type { Flow } from './flow.ts'
import type { Load } from './load.ts'

/**
 * Figures in the text format of Prometheus (exposition format 0.0.4). Those of a span are gauges: they are read from
 * the database and not counted by this process.
 */
export function exposition(
  load: Load,
  flow: Flow,
  circuits: readonly { readonly name: string; readonly open: boolean }[],
): string {
  const totals = Map.groupBy(flow.runs, ({ status }) => status)
  const cost = flow.cost.reduce((sum, { money }) => sum + money, 0)
  return [
    ...metric('atelier_runs_active', 'Runs that have not ended, by status.', [
      [{ status: 'running' }, load.runs.running],
      [{ status: 'waiting' }, load.runs.waiting],
    ]),
    ...metric(
      'atelier_steps_active',
      'Steps that are ready for a process, being performed, or waiting for a person.',
      Object.entries(load.steps).map(([status, count]) => [{ status }, count]),
    ),
    ...metric('atelier_oldest_ready_step_seconds', 'How long the oldest ready step has waited.', [
      [{}, load.oldestReady ?? 0],
    ]),
    ...metric('atelier_oldest_question_seconds', 'How long the oldest question to a person has been open.', [
      [{}, load.oldestQuestion ?? 0],
    ]),
    ...metric(
      'atelier_runs_recent',
      'Runs created in the last day, by status.',
      [...totals].map(([status, rows]) => [{ status }, rows.reduce((sum, { count }) => sum + count, 0)]),
    ),
    ...metric(
      'atelier_run_duration_seconds',
      'Seconds from start to end of runs of the last day.',
      flow.durations.flatMap(({ workflow, p50, p95 }) => [
        [{ workflow, quantile: '0.5' }, p50] as const,
        [{ workflow, quantile: '0.95' }, p95] as const,
      ]),
    ),
    ...metric('atelier_spent_recent', 'Money spent in the last day, in units of the currency.', [
      [{}, cost / 1e6],
    ]),
    ...metric(
      'atelier_circuit_open',
      'Whether calls to an upstream are held back.',
      circuits.map(({ name, open }) => [{ upstream: name }, open ? 1 : 0]),
    ),
    '',
  ].join('\n')
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]

function metric(name: string, help: string, samples: readonly Sample[]): readonly string[] {
  if (samples.length === 0) return []
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map(([labels, value]) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`)
      return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
    }),
  ]
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
