import {
  type AskServices,
  askStep,
  type PromptStep,
  type StepFailure,
  type StepResult,
  type StepUsage,
} from './prompt-step.ts'

/** How one step is performed: by a model, or in a test by whatever answers. */
export type PerformStep = <I, O>(step: PromptStep<I, O>, input: unknown) => Promise<StepResult<O>>

export type ChainResult<O> =
  | {
      readonly kind: 'answered'
      readonly output: O
      readonly used: StepUsage
      readonly steps: readonly string[]
    }
  | {
      readonly kind: 'failed'
      /** The step that failed; those before it stand in `steps`. */
      readonly step: string
      readonly failure: StepFailure
      readonly used: StepUsage
      readonly steps: readonly string[]
    }

/** Steps one after the other, the output of each the input of the next. */
export interface Chain<I, O> {
  then<P>(step: PromptStep<O, P>): Chain<I, P>
  /** Code between two steps. */
  map<P>(change: (output: O, input: I) => P): Chain<I, P>
  /** Never asks a step whose predecessor failed. */
  run(input: I, perform: PerformStep): Promise<ChainResult<O>>
}

/** Performs steps by asking a model. */
export function byModel(services: AskServices): PerformStep {
  return (step, input) => askStep(step, input, services)
}

/** A chain of one step, to which more are added. */
export function chain<I, O>(first: PromptStep<I, O>): Chain<I, O> {
  return chainOf<I, I>((input) => Promise.resolve(begun(input))).then(first)
}

function begun<I>(input: I): ChainResult<I> {
  return { kind: 'answered', output: input, used: { calls: 0, tokens: 0, money: 0 }, steps: [] }
}

function chainOf<I, O>(run: Chain<I, O>['run']): Chain<I, O> {
  return {
    run,
    map: (change) =>
      chainOf(async (input, perform) => {
        const before = await run(input, perform)
        return before.kind === 'failed' ? before : { ...before, output: change(before.output, input) }
      }),
    then: (step) =>
      chainOf(async (input, perform) => {
        const before = await run(input, perform)
        if (before.kind === 'failed') return before
        const result = await perform(step, before.output)
        const used = add(before.used, result.used)
        if (result.kind === 'failed') return { ...before, ...result, used, step: step.name }
        return { kind: 'answered', output: result.output, used, steps: [...before.steps, step.name] }
      }),
  }
}

function add(a: StepUsage, b: StepUsage): StepUsage {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, money: a.money + b.money }
}
