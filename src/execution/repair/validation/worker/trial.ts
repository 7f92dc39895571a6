import { join } from 'node:path'

import type { WireCandidate, WireSights, WorkerReply, WorkerRequest } from '../protocol.ts'
import { adapters } from './adapters/index.ts'
import { CoverageRecorder } from './coverage.ts'
import { StepGauge } from './gauge.ts'
import { InputProbe } from './input-probe.ts'
import type { Sight } from './input-probe.ts'
import { Observing } from './observing.ts'
import { Program } from './program.ts'
import type { ProcessGuard } from './process-guard.ts'
import { Surroundings } from './surroundings.ts'
import { groupsByFile, groupsByNesting, keyOf, numbered, withoutUnstable } from './test-groups.ts'
import type { Group } from './test-groups.ts'
import { everything } from './test-run.ts'
import type { Adapter, FileResult, RunObserver, Selection } from './test-run.ts'
import { Variants } from './variants.ts'

type RequestOf<K extends WorkerRequest['kind']> = Extract<WorkerRequest, { readonly kind: K }>
type Tried = Extract<WorkerReply, { readonly kind: 'tried' }>
type Verdict = Pick<Tried, 'outcome' | 'fixed' | 'broken' | 'messages'>

/** How much more than all cheaper groups together a group may cost to be run for a candidate that changed nothing yet. */
const patience = 4

interface Aim {
  readonly failing: readonly Group[]
  readonly guards: readonly Group[]
  readonly failures: Readonly<Record<string, string>>
  readonly loads: Readonly<Record<string, readonly string[]>>
  readonly onDisk: boolean
  readonly limits: { readonly failing: Limits; readonly guards: Limits }
}

interface Limits {
  readonly steps: number
  readonly testMs: number
}

/** What is opened once the framework and the package are known. */
interface Session {
  readonly adapter: Adapter
  readonly program: Program
  readonly variants: Variants
  readonly surroundings: Surroundings
  readonly testMs: number
}

const invalid: Verdict = { outcome: 'invalid', fixed: [], broken: [], messages: {} }
const silent: RunObserver = { started: () => undefined, ended: () => undefined }
const { setImmediate } = globalThis
const unlimitedSteps = 1e9

/** The project in this process, and the candidates that are tried on it. */
export class Trial {
  readonly #root: string
  readonly #guard: ProcessGuard
  readonly #reply: (message: WorkerReply) => void
  readonly #gauge = new StepGauge()
  readonly #probe = new InputProbe()
  #opened: Session | null = null
  #isCancelled = false
  #aim: Aim | null = null

  constructor(root: string, guard: ProcessGuard, reply: (message: WorkerReply) => void) {
    this.#root = root
    this.#guard = guard
    this.#reply = reply
  }

  get #session(): Session {
    if (this.#opened === null) throw new Error('the project was not opened')
    return this.#opened
  }

  get #aimed(): Aim {
    if (this.#aim === null) throw new Error('no tests were named to measure candidates by')
    return this.#aim
  }

  /** Ends the request that is under way after the candidate that is being tried. */
  cancel(): void {
    this.#isCancelled = true
  }

  async answer(request: Exclude<WorkerRequest, RequestOf<'cancel'>>): Promise<void> {
    switch (request.kind) {
      case 'open':
        this.#open(request)
        return
      case 'run':
        await this.#runFile(request)
        return
      case 'aim':
        await this.#takeAim(request)
        return
      case 'try':
        await this.#tryAll(request)
        return
      case 'observe':
        await this.#observe(request)
    }
  }

  #open({ framework, directory, testMs }: RequestOf<'open'>): void {
    const adapter = adapters[framework]
    if (adapter === undefined) throw new Error(`there is no adapter for ${framework}`)
    process.chdir(join(this.#root, directory))
    const program = new Program(this.#root, directory, this.#gauge, this.#probe)
    const variants = new Variants(this.#root, program)
    this.#opened = { adapter, program, variants, surroundings: new Surroundings(), testMs }
  }

  async #runFile({ id, file, withCoverage }: RequestOf<'run'>): Promise<void> {
    const { program, testMs } = this.#session
    const recorder = withCoverage ? new CoverageRecorder(program.root) : null
    if (recorder !== null) program.instrumentWith(recorder.instrument)
    this.#guard.endChildren()
    const limits = { steps: unlimitedSteps, testMs }
    const start = performance.now()
    const result = await this.#run(file, everything, limits, recorder ?? silent)
    const milliseconds = performance.now() - start
    if (recorder !== null) program.instrumentWith(null)
    const tests = numbered(result.tests).map((test) => ({ file, ...test }))
    this.#reply({
      kind: 'ran',
      id,
      tests,
      ...(result.failure === undefined ? {} : { failure: result.failure.message }),
      milliseconds,
      startsProcesses: this.#guard.endChildren() > 0,
      loaded: this.#session.program.loadedFiles(),
      ...(recorder === null
        ? {}
        : { coverage: tests.map((test) => ({ ...test, covered: recorder.covered(test.names) })) }),
    })
  }

  /** Measures what the chosen tests cost on the unchanged program: the limits of candidates follow from it. */
  async #takeAim(request: RequestOf<'aim'>): Promise<void> {
    const { failures, loads, onDisk } = request
    const failing = groupsByNesting(request.failing)
    const guards = groupsByFile(request.guards)
    const start = performance.now()
    const limits = { failing: await this.#measure(failing), guards: await this.#measure(guards) }
    failing.sort((left, right) => left.cost - right.cost)
    this.#aim = { failing, guards: guards.map(withoutUnstable), failures, loads, onDisk, limits }
    this.#reply({ kind: 'aimed', id: request.id, milliseconds: performance.now() - start })
  }

  async #measure(groups: readonly Group[]): Promise<Limits> {
    const { testMs } = this.#session
    let steps = 0
    let longest = 0
    for (const group of groups) {
      // The first run compiles; the second, where it is cheap, tells what a candidate's run takes.
      for (let run = 1, spent = 0; run <= 2 && spent < 1000; run += 1) {
        const start = performance.now()
        const { tests } = await this.#run(
          group.file,
          group.selection,
          { steps: unlimitedSteps, testMs },
          silent,
        )
        spent = performance.now() - start
        group.cost = spent
        steps = Math.max(steps, unlimitedSteps - this.#gauge.steps)
        longest = Math.max(longest, spent)
        for (const test of numbered(tests)) if (test.outcome !== 'passed') group.unstable.add(keyOf(test))
      }
    }
    return { steps: 100_000 + steps * 20, testMs: Math.round(Math.min(testMs, 300 + longest * 5)) }
  }

  async #tryAll({ id, candidates }: RequestOf<'try'>): Promise<void> {
    const { variants } = this.#session
    this.#isCancelled = false
    await variants.each(candidates, async (candidate, variant) => {
      const verdict = variant === null ? invalid : await this.#judge(id, candidate, variant)
      if (verdict !== null) this.#reply({ kind: 'tried', id, candidate: candidate.id, ...verdict })
    })
    this.#reply({
      kind: 'done',
      id,
      memoryBytes: process.memoryUsage.rss(),
      handles: process
        .getActiveResourcesInfo()
        .filter((name) => name !== 'PipeWrap' && name !== 'FSReqCallback').length,
    })
  }

  /** Watches the unchanged program before and after all candidates: what differs then depends on more than the input. */
  async #observe({ id, candidates, near, far, milliseconds }: RequestOf<'observe'>): Promise<void> {
    this.#isCancelled = false
    const { variants } = this.#session
    const limits = this.#aimed.limits.failing
    const observing = await Observing.begin(
      {
        probe: this.#probe,
        variants,
        run: (file, selection, observer, variant) => this.#run(file, selection, limits, observer, variant),
      },
      candidates,
      near,
      far,
    )
    try {
      const before = await observing.limit(milliseconds / (candidates.length + 2))
      const sights: WireSights[] = [sightsOf(0, before)]
      await variants.each(candidates, async (candidate, variant) => {
        if (variant === null || (await this.#isOver())) return
        this.#reply({ kind: 'trying', id, candidate: candidate.id })
        sights.push(sightsOf(candidate.id, await observing.watchAll(variant)))
      })
      const after = await observing.watchAll(0)
      const isStable = (_: unknown, index: number): boolean => before[index]?.digest === after[index]?.digest
      this.#reply({
        kind: 'observed',
        id,
        near: observing.near.filter(isStable),
        sights: sights.map(({ candidate, digests, crashed }) => ({
          candidate,
          digests: digests.filter(isStable),
          crashed: crashed.filter(isStable),
        })),
      })
    } finally {
      observing.end()
    }
  }

  /** Lets what the host has sent in the meantime be read. */
  async #isOver(): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve))
    return this.#isCancelled
  }

  async #judge(id: number, candidate: WireCandidate, variant: number): Promise<Verdict | null> {
    if (await this.#isOver()) return null
    this.#reply({ kind: 'trying', id, candidate: candidate.id })
    const aim = this.#aimed
    if (aim.onDisk) this.#session.variants.writeFiles(candidate, true)
    try {
      return await this.#measureBy(aim, candidate, variant)
    } finally {
      if (aim.onDisk) this.#session.variants.writeFiles(candidate, false)
    }
  }

  /**
   * Cheap tests come first. What leaves all of them exactly as they were is no repair: it is not put to tests that cost
   * much more.
   */
  async #measureBy(aim: Aim, candidate: WireCandidate, variant: number): Promise<Verdict> {
    const fixed: number[] = []
    const messages: Record<string, string> = {}
    let spent = 0
    for (const group of aim.failing) {
      const isUntouched = fixed.length === 0 && Object.keys(messages).length === 0
      if (spent > 0 && isUntouched && group.cost > patience * spent) break
      spent += group.cost
      const result = await this.#run(group.file, group.selection, aim.limits.failing, silent, variant)
      if (result.failure?.isSyntax === true) return invalid
      if (this.#gauge.isExhausted) return { outcome: 'exhausted', fixed: [], broken: [], messages: {} }
      for (const test of numbered(result.tests)) {
        const index = group.indices.get(keyOf(test))
        if (index === undefined) continue
        if (test.outcome === 'passed') fixed.push(index)
        else if (test.message !== undefined && test.message !== aim.failures[index])
          messages[index] = test.message
      }
    }
    if (fixed.length === 0) return { outcome: 'failed', fixed, broken: [], messages }
    const broken = await this.#brokenBy(aim, candidate, variant)
    const total = aim.failing.reduce((sum, { indices }) => sum + indices.size, 0)
    const outcome = broken.length > 0 ? 'failed' : fixed.length === total ? 'plausible' : 'partial'
    return { outcome, fixed, broken, messages }
  }

  async #brokenBy(aim: Aim, candidate: WireCandidate, variant: number): Promise<readonly number[]> {
    const broken: number[] = []
    for (const group of aim.guards) {
      const loaded = aim.loads[group.file]
      if (loaded !== undefined && !candidate.edits.some(({ file }) => loaded.includes(file))) continue
      const result = await this.#run(group.file, group.selection, aim.limits.guards, silent, variant)
      const passed = new Set(
        numbered(result.tests)
          .filter(({ outcome }) => outcome === 'passed')
          .map(keyOf),
      )
      for (const [key, index] of group.indices) if (!passed.has(key)) broken.push(index)
    }
    return broken
  }

  async #run(
    file: string,
    selection: Selection,
    limits: Limits,
    observer: RunObserver,
    variant = 0,
  ): Promise<FileResult> {
    const { adapter, program, surroundings } = this.#session
    this.#gauge.reset(variant, limits.steps)
    process.argv[1] = join(this.#root, file)
    try {
      return await adapter.run(program, file, selection, observer, { testMs: limits.testMs })
    } catch (error) {
      return { tests: [], failure: { message: String(error), isSyntax: false } }
    } finally {
      surroundings.restore()
      if (variant !== 0 || this.#aim?.onDisk === true) this.#guard.endChildren()
    }
  }
}

function sightsOf(candidate: number, seen: readonly Sight[]): WireSights {
  return {
    candidate,
    digests: seen.map(({ digest }) => digest),
    crashed: seen.map(({ crashed }) => crashed),
  }
}
