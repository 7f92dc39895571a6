import type { RunEventView } from '../contracts/index.ts'
import { humanDuration, oneLine, palette, type Terminal } from './terminal.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const frameMs = 120

interface ActiveStep {
  readonly title: string
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
  readonly #live: boolean
  readonly #active = new Map<string, ActiveStep>()
  readonly #now: () => number
  #frame = 0
  #drawn = 0
  #timer: NodeJS.Timeout | undefined

  constructor(terminal: Terminal, now: () => number = Date.now) {
    this.#terminal = terminal
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
      case 'step.started':
        this.#active.set(key, {
          title: text(event.data['title']) ?? key,
          startedAt: time,
          attempt: typeof event.data['attempt'] === 'number' ? event.data['attempt'] : 1,
          detail: '',
        })
        break
      case 'progress': {
        const step = this.#active.get(key)
        if (step) step.detail = text(event.data['message']) ?? step.detail
        break
      }
      case 'step.succeeded':
      case 'step.failed':
      case 'step.skipped':
      case 'step.waiting':
      case 'step.retrying':
      case 'step.cancelled':
      case 'step.compensated':
        this.#finish(key, event, time)
        break
    }
    if (this.#live) this.#draw()
  }

  #finish(key: string, event: RunEventView, time: number): void {
    const step = this.#active.get(key)
    this.#active.delete(key)
    if (event.kind === 'step.skipped') return
    const colours = palette(this.#terminal)
    const marks: Record<string, string> = {
      'step.succeeded': colours.green('✔'),
      'step.failed': colours.red('✖'),
      'step.waiting': colours.yellow('●'),
      'step.retrying': colours.yellow('↻'),
      'step.cancelled': colours.red('✖'),
      'step.compensated': colours.yellow('↩'),
    }
    const title = step?.title ?? text(event.data['title']) ?? key
    const elapsed = step ? humanDuration((time - step.startedAt) / 1000) : ''
    const detail = text(event.data['message']) ?? step?.detail ?? ''
    const line = `${marks[event.kind] ?? '·'} ${title.padEnd(42)} ${colours.dim(elapsed.padStart(9))}  ${colours.dim(oneLine(detail, this.#room()))}`
    this.#erase()
    this.#terminal.stderr.write(`${line.trimEnd()}\n`)
  }

  #room(): number {
    return Math.max(20, (this.#terminal.stderr.columns ?? 120) - 60)
  }

  #draw(): void {
    this.#erase()
    const colours = palette(this.#terminal)
    const spinner = frames[this.#frame % frames.length] ?? ''
    for (const step of this.#active.values()) {
      const elapsed = humanDuration((this.#now() - step.startedAt) / 1000)
      const attempt = step.attempt > 1 ? ` (attempt ${step.attempt})` : ''
      const detail = oneLine(step.detail, this.#room())
      this.#terminal.stderr.write(
        `${colours.cyan(spinner)} ${`${step.title}${attempt}`.padEnd(42)} ${colours.dim(elapsed.padStart(9))}  ${colours.dim(detail)}\n`,
      )
      this.#drawn += 1
    }
  }

  #erase(): void {
    if (this.#drawn === 0) return
    this.#terminal.stderr.write(`\u001b[${this.#drawn}A\u001b[0J`)
    this.#drawn = 0
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
