import type { Gauge } from '../instrumentation.ts'

/** Thrown when a candidate has used up its steps. */
export class StepsExhausted extends Error {
  override readonly name = 'StepsExhausted'

  constructor() {
    super('the step budget is used up')
  }
}

/** The gauge of this process. Code that catches the exhaustion meets it again on its next step. */
export class StepGauge implements Gauge {
  variant = 0
  steps = Number.POSITIVE_INFINITY
  isExhausted = false

  exhausted(): void {
    this.isExhausted = true
    throw new StepsExhausted()
  }

  reset(variant: number, steps: number): void {
    this.variant = variant
    this.steps = steps
    this.isExhausted = false
  }
}
