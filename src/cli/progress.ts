import type { RunEventView } from '../contracts/index.ts'
import { humanDuration, oneLine, palette, type Terminal } from './terminal.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 120

interface ActiveStep {
  readonly startedAt: number
  readonly attempt: number
  detail: string
}

/**
 * Shows a run while it works: one line per step as it ends, and on a terminal a moving line per step that is under way
 * with what it is trying just now. Without a terminal only the plain lines are written.
 */
export class ProgressView {
  readonly #terminal: Terminal
  readonly #titles: ReadonlyMap<string, string>
  readonly #live: boolean
  readonly #active = new Map<string, ActiveStep>()
  readonly #now: () => number
  #frame = 0
  #drawn = 0
  #timer: NodeJS.Timeout | undefined

  /** @param titles of the steps, by id. */
  constructor(terminal: Terminal, titles: ReadonlyMap<string, string>, now: () => number = Date.now) {
    this.#terminal = terminal
    this.#titles = titles
    this.#live = terminal.stderr.isTTY === true
    this.#now = now
  }

  start(): void {
    if (!this.#live) return
    this.#timer = setInterval(() => {
      this.#frame += 1
      this.#draw()
    }, frameMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#erase()
  }

  /** Takes an event of the run; unknown kinds are ignored. */
  take(event: RunEventView): void {
    const key = event.stepId
    if (key === null) return
    const time = Date.parse(event.time)
    switch (event.kind) {
      case 'step-started':
        this.#active.set(key, { startedAt: time, attempt: numberOf(event.data['attempt']) ?? 1, detail: '' })
        break
      case 'progress': {
        const step = this.#active.get(key)
        if (step) step.detail = textOf(event.data['message']) ?? step.detail
        break
      }
      case 'step-waiting':
        this.#finish(key, 'waiting', time)
        break
      case 'step-retrying':
        this.#finish(key, 'retrying', time)
        break
      case 'step-ended':
        this.#finish(key, textOf(event.data['status']) ?? '', time)
        break
    }
    if (this.#live) this.#draw()
  }

  #finish(key: string, status: string, time: number): void {
    const step = this.#active.get(key)
    this.#active.delete(key)
    // Steps that never began say nothing by being skipped or cancelled.
    if (status === 'skipped' || (status === 'cancelled' && step === undefined)) return
    const colours = palette(this.#terminal)
    const marks: Readonly<Record<string, string>> = {
      succeeded: colours.green('✔'),
      waiting: colours.yellow('●'),
      retrying: colours.yellow('↻'),
    }
    const mark = marks[status] ?? colours.red('✖')
    const elapsed = step ? humanDuration((time - step.startedAt) / 1000) : ''
    this.#erase()
    this.#terminal.stderr.write(`${this.#line(mark, this.#titleOf(key), elapsed, step?.detail ?? '')}\n`)
  }

  #titleOf(key: string): string {
    return this.#titles.get(key) ?? key
  }

  #line(mark: string, title: string, elapsed: string, detail: string): string {
    const { dim } = palette(this.#terminal)
    return `${mark} ${title.padEnd(38)} ${dim(elapsed.padStart(12))}  ${dim(oneLine(detail, this.#room()))}`.trimEnd()
  }

  #room(): number {
    return Math.max(20, (this.#terminal.stderr.columns ?? 120) - 60)
  }

  #draw(): void {
    this.#erase()
    const spinner = palette(this.#terminal).cyan(frames[this.#frame % frames.length] ?? '')
    for (const [key, step] of this.#active) {
      const elapsed = humanDuration((this.#now() - step.startedAt) / 1000)
      const title = `${this.#titleOf(key)}${step.attempt > 1 ? ` (attempt ${step.attempt})` : ''}`
      this.#terminal.stderr.write(`${this.#line(spinner, title, elapsed, step.detail)}\n`)
      this.#drawn += 1
    }
  }

  #erase(): void {
    if (this.#drawn === 0) return
    this.#terminal.stderr.write(`\u001b[${this.#drawn}A\u001b[0J`)
    this.#drawn = 0
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
