import type { RouteExplanation, RoutingReport } from '../api/index.ts'
import { count, humanDuration, oneLine, palette, printable, type Terminal } from './terminal.ts'

/** The tiers in their order with what stands behind each, and below them why. */
export function renderExplanation(answer: RouteExplanation, terminal: Terminal): string {
  const colours = palette(terminal)
  const width = Math.max(...answer.tiers.map(({ name }) => name.length), 0)
  const tiers = answer.tiers.map(({ name, agent, route }, position) => {
    const behind = route === undefined ? 'needs no model' : `${agent}, ${describeRoute(answer, route)}`
    return `${position + 1}. ${colours.bold(name.padEnd(width))}  ${behind}`
  })
  return [
    ...(tiers.length === 0 ? ['Nobody could try this here; it would go to a person.'] : tiers),
    '',
    ...answer.reasons.map((reason) => `- ${printable(reason)}`),
    ...(answer.taskReason === null ? [] : [`- the kind of work was ${printable(answer.taskReason)}`]),
    colours.dim(`Routing policy version ${answer.policy.version}, ${answer.policy.digest.slice(0, 19)}`),
  ].join('\n')
}

function describeRoute({ routes }: RouteExplanation, route: string): string {
  const { models = [], price = null } = routes[route] ?? {}
  const cost =
    price === null
      ? 'price unknown'
      : `${money(price.input)} in, ${money(price.output)} out per million tokens`
  return `${models.join(', then ')} (${cost})`
}

/** Quality by tier, what it cost, and where the first choice was wrong. */
export function renderRoutingReport(report: RoutingReport, terminal: Terminal): string {
  const colours = palette(terminal)
  if (report.pieces === 0)
    return `No work was routed since ${report.since.slice(0, 10)}. A run of \`atelier solve\` is.`
  const rows = report.tiers.map(({ tier, attempts, solved, refuted, money: spent, seconds }) => [
    tier,
    `${solved} of ${attempts} solved`,
    `${refuted} refuted by tests`,
    money(spent),
    humanDuration(seconds / Math.max(1, attempts)),
  ])
  const saved = report.dearest === null ? null : report.dearest - report.spent
  return [
    colours.bold(`${count(report.pieces, 'piece')} of work since ${report.since.slice(0, 10)}`),
    ...table(rows),
    '',
    `Spent ${money(report.spent)}${saved === null ? '' : `; the same tokens with the dearest tier cost ${money(report.dearest ?? 0)} (${saved >= 0 ? 'saved' : 'lost'} ${money(Math.abs(saved))})`}.`,
    report.misrouted === 0
      ? 'The first tier of models that tried always solved it.'
      : `${count(report.misrouted, 'misroute')}: the first tier of models that tried did not solve it.`,
    ...report.misroutes
      .slice(0, 10)
      .map(
        ({ runId, first, solvedBy, detail }) =>
          `  ${runId}  ${first} → ${solvedBy ?? 'a person'}  ${colours.dim(oneLine(detail, 80))}`,
      ),
  ].join('\n')
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}

/** Millionths of the currency as an amount with four places, as prices of tokens need them. */
function money(millionths: number): string {
  return `$${(millionths / 1e6).toFixed(4)}`
}
