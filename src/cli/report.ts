import type { Escalation, Finding, RunReport, RunView } from '../contracts/index.ts'
import { count, humanDuration, oneLine, palette, printable, type Terminal } from './terminal.ts'

const labelWidth = 11
const diffLines = 24

/**
 * The report of a run, made to fit one screen: what was asked, what was changed, which tests prove it, what a person
 * should look at, cost and time.
 */
export function renderReport(run: RunView, terminal: Terminal): string {
  const width = Math.min(terminal.stdout.columns ?? 100, 120)
  const lines = [
    headline(run, terminal),
    '',
    ...row('Asked', [oneLine(run.report.asked, width - labelWidth - 2)]),
  ]
  lines.push(
    ...row(
      'Found',
      run.report.found.flatMap((line) => wrap(oneLine(line, 2 * width), width - labelWidth - 2)),
    ),
  )
  lines.push(...changeLines(run, terminal, width))
  lines.push(...checkLines(run.report, terminal, width))
  lines.push(...proofLines(run.report, terminal, width))
  lines.push(
    ...row(
      'Findings',
      run.report.findings.slice(0, 5).map((finding) => findingLine(finding, width)),
    ),
  )
  lines.push(
    ...row(
      'Look at',
      run.report.attention.flatMap((text) => wrap(printable(text), width - labelWidth - 2)),
    ),
  )
  if (run.report.escalation) lines.push('', ...escalationLines(run.report.escalation, width))
  if (run.error) lines.push('', ...errorLines(run.error, terminal, width))
  lines.push(...row('Cost', [costLine(run.report)]))
  lines.push(...questionLines(run, width), ...decisionLines(run))
  return lines.join('\n')
}

function headline(run: RunView, terminal: Terminal): string {
  const colours = palette(terminal)
  const state = run.outcome ?? run.status
  const mark = {
    delivered: colours.green('✔ delivered'),
    unchanged: colours.green('✔ nothing to do'),
    waiting: colours.yellow(`● waiting for ${run.report.question === null ? 'approval' : 'an answer'}`),
    running: colours.cyan('● running'),
    escalated: colours.yellow('▲ escalated to a person'),
    rejected: colours.red('✖ rejected'),
    failed: colours.red('✖ failed'),
    cancelled: colours.red('✖ cancelled'),
    succeeded: colours.green('✔ ended'),
  }[state]
  return `${colours.bold(mark)}  ${run.id}  ${colours.dim(humanDuration(run.report.seconds))}`
}

function row(label: string, values: readonly string[]): string[] {
  return values.map((value, index) => `${(index === 0 ? label : '').padEnd(labelWidth)}${value}`)
}

function changeLines(run: RunView, terminal: Terminal, width: number): string[] {
  const { summary, patch, explanation } = run.report
  const lines: string[] = []
  if (summary) {
    lines.push(
      ...row(
        'Changed',
        summary.files.map((file) => {
          const symbols = file.symbols.length > 0 ? `  in ${file.symbols.slice(0, 4).join(', ')}` : ''
          return oneLine(`${file.path}  +${file.added} −${file.deleted}${symbols}`, width - labelWidth)
        }),
      ),
    )
  }
  if (patch !== null)
    lines.push('', ...renderPatch(patch, terminal, { width, limit: diffLines, run: run.id }), '')
  if (explanation !== null) lines.push(...row('Why', wrap(printable(explanation), width - labelWidth - 2)))
  return lines
}

/** What people wrote comes before what a package manager worked out. */
function lockFilesLast(patch: string): string {
  const isLock = (part: string): boolean =>
    /^diff --git \S*?(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml) /.test(part)
  const parts = patch.split(/^(?=diff --git )/m)
  return [...parts.filter((part) => !isLock(part)), ...parts.filter(isLock)].join('')
}

/** A unified diff with colours, indented; without its file headers' noise. */
function renderPatch(
  patch: string,
  terminal: Terminal,
  options: { readonly width: number; readonly limit: number; readonly run: string },
): string[] {
  const colours = palette(terminal)
  const body = printable(lockFilesLast(patch))
    .split('\n')
    .filter((line) => !/^(diff --git|index |--- |new file|deleted file|similarity)/.test(line))
  while (body.at(-1) === '') body.pop()
  const shown = body.slice(0, options.limit).map((line) => {
    const text = `  ${line.slice(0, options.width - 3)}`
    if (line.startsWith('+++')) return colours.bold(text)
    if (line.startsWith('+')) return colours.green(text)
    if (line.startsWith('-')) return colours.red(text)
    return line.startsWith('@@') ? colours.cyan(text) : colours.dim(text)
  })
  const rest = body.length - shown.length
  return rest > 0 ? [...shown, `  … ${count(rest, 'more line')}: atelier show ${options.run} --diff`] : shown
}

/** What this kind of work verified, beside the tests. */
function checkLines({ checks }: RunReport, terminal: Terminal, width: number): string[] {
  const colours = palette(terminal)
  return row(
    'Checked',
    checks.map(({ name, holds, detail }) => {
      const mark = holds ? colours.green('✔') : colours.red('✖')
      return `${mark} ${oneLine(`${name}: ${detail}`, width - labelWidth - 2)}`
    }),
  )
}

function proofLines(report: RunReport, terminal: Terminal, width: number): string[] {
  if (!report.proof) return []
  const { command, fixed, passed, failed, stillFailing } = report.proof
  const colours = palette(terminal)
  return row('Proof', [
    oneLine(`${command}: ${passed} passed, ${failed} failed`, width - labelWidth),
    ...fixed.slice(0, 4).map((test) => `${colours.green('fixed')}  ${oneLine(test, width - labelWidth - 7)}`),
    ...(fixed.length > 4 ? [`… and ${count(fixed.length - 4, 'more test')} fixed`] : []),
    ...stillFailing
      .slice(0, 2)
      .map((test) => `${colours.yellow('failing as before')}  ${oneLine(test, width - labelWidth - 19)}`),
  ])
}

function findingLine(finding: Finding, width: number): string {
  const place =
    finding.file === undefined
      ? ''
      : ` ${finding.file}${finding.line === undefined ? '' : `:${finding.line}`}`
  return oneLine(`${finding.severity}  ${finding.rule}${place}  ${finding.message}`, width - labelWidth)
}

/** The ten-second table. */
function escalationLines(escalation: Escalation, width: number): string[] {
  const column = Math.max(20, Math.floor((width - 7) / 2))
  const table = (head: readonly [string, string], rows: readonly (readonly [string, string])[]): string[] => [
    `| ${head[0].padEnd(column)} | ${head[1].padEnd(column)} |`,
    `|${'-'.repeat(column + 2)}|${'-'.repeat(column + 2)}|`,
    ...rows.map(
      ([a, b]) => `| ${oneLine(a, column).padEnd(column)} | ${oneLine(b, column).padEnd(column)} |`,
    ),
  ]
  return [
    ...wrap(printable(escalation.hypothesis), width - 2),
    '',
    ...table(
      ['Attempted', 'Result'],
      escalation.attempts.slice(0, 5).map(({ what, result }) => [what, result]),
    ),
    '',
    ...table(
      ['Failing test', 'Message'],
      escalation.failingTests.slice(0, 5).map(({ id, message }) => [id, message]),
    ),
    '',
    ...table(
      ['Suspect', 'Why'],
      escalation.suspects.slice(0, 5).map(({ place, why }) => [place, why]),
    ),
    ...(escalation.hints.length === 0
      ? []
      : [
          '',
          `Hints, not fixes: ${escalation.hints
            .slice(0, 3)
            .map((hint) => oneLine(hint.description, 60))
            .join('; ')}`,
        ]),
    '',
  ]
}

function errorLines(error: NonNullable<RunView['error']>, terminal: Terminal, width: number): string[] {
  const colours = palette(terminal)
  return [
    ...row('Error', [
      colours.red(error.code),
      ...wrap(printable(error.message), width - labelWidth - 2).slice(0, 8),
    ]),
    ...row('What to do', wrap(error.remedy, width - labelWidth - 2)),
    '',
  ]
}

function costLine({ cost, seconds }: RunReport): string {
  const money = cost.money === 0 ? 'no money' : (cost.money / 1e6).toFixed(2)
  return `${cost.tokens} tokens, ${money}, ${count(cost.toolCalls, 'tool call')}, ${humanDuration(seconds)}`
}

/** Everything an agent has written may try to look like something else. */
function questionLines({ id, report: { question } }: RunView, width: number): string[] {
  if (question === null) return []
  const wrapped = (text: string): string[] => wrap(printable(text), width - labelWidth - 2)
  return [
    '',
    ...row('Question', wrapped(question.question)),
    ...row('Matters for', wrapped(question.why)),
    ...row(
      'Options',
      question.options.map((option) => oneLine(option, width - labelWidth - 2)),
    ),
    ...row('Asked by', [`${printable(question.askedBy)}, until ${question.expiresAt}`]),
    ...row('Answer', [`atelier reply ${id} "…"`]),
  ]
}

function decisionLines(run: RunView): string[] {
  const { approval, published } = run.report
  const lines: string[] = []
  if (approval?.status === 'pending') {
    lines.push(...row('Decide', [`atelier approve ${run.id}`, `atelier reject ${run.id} --reason "…"`]))
  } else if (approval) {
    const by =
      approval.decidedBy === null ? '' : ` by ${printable(approval.decidedBy.replace(/^person:/, ''))}`
    const reason =
      approval.reason === null || approval.reason === '' ? '' : `: ${oneLine(approval.reason, 80)}`
    lines.push(...row('Decision', [`${approval.status}${by}${reason}`]))
  }
  if (published) {
    lines.push(
      ...row('Published', [
        `branch ${published.branch}`,
        `commit ${published.commit.slice(0, 12)} at ${printable(published.remote)}`,
      ]),
    )
  }
  return lines
}

/** Breaks text at spaces into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines = ['']
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1) ?? ''
      if (line !== '' && line.length + word.length + 1 > width) lines.push(word)
      else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
    }
    return lines
  })
}
