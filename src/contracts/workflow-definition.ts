import { z } from 'zod'

const identifier = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes')
  .max(64)
/** `30s`, `15m`, `2h`, `7d` or `500ms`. */
const durationSchema = z.string().regex(/^\d+(ms|s|m|h|d)$/, 'a number followed by ms, s, m, h or d')

const retrySchema = z.object({
  attempts: z.int().min(1).max(100),
  backoff: durationSchema.default('1s'),
  factor: z.number().min(1).max(10).default(2),
  maximum: durationSchema.default('5m'),
})

/**
 * One node of a workflow. Strings that start with `=` inside `with`, and the whole of `when` and `over`, are CEL
 * expressions over `inputs`, `steps.<id>.{status,output}` and, inside a fan-out, `item` and `index`.
 */
const stepDefinitionSchema = z.strictObject({
  id: identifier,
  kind: z.enum(['tool', 'agent', 'chain', 'compute', 'approval', 'validation', 'workflow']),
  /** Tool, agent, prompt chain, function or workflow name; an approval names what is approved. */
  uses: z.string().min(1).max(128),
  title: z.string().max(200).optional(),
  with: z.record(z.string(), z.json()).default({}),
  needs: z.array(identifier).default([]),
  when: z.string().optional(),
  /** Fan-out: a CEL expression that yields a list; the step runs once per item and its output is the list. */
  over: z.string().optional(),
  /** At most this many items of a fan-out at once. */
  parallel: z.int().min(1).max(1000).default(8),
  retry: retrySchema.optional(),
  /** Per attempt. */
  timeout: durationSchema.default('10m'),
  /** CEL; steps of any run that ask for the same lock run one at a time. */
  lock: z.string().optional(),
  /** Runs when a later step of the run fails or the run is cancelled after this one succeeded. */
  compensate: z
    .strictObject({ uses: z.string(), with: z.record(z.string(), z.json()).default({}) })
    .optional(),
  /** A failed step fails the run unless this is `continue`. */
  onFailure: z.enum(['fail', 'continue']).default('fail'),
})
export type StepDefinition = z.infer<typeof stepDefinitionSchema>

export const workflowDefinitionSchema = z.strictObject({
  name: identifier,
  version: z.int().positive(),
  description: z.string().max(2000).default(''),
  inputs: z
    .record(z.string(), z.strictObject({ description: z.string(), required: z.boolean().default(true) }))
    .default({}),
  steps: z.array(stepDefinitionSchema).min(1).max(1000),
  /** CEL expressions that make the run's result once every step has ended. */
  result: z.record(z.string(), z.string()).default({}),
})
export type WorkflowDefinition = z.infer<typeof workflowDefinitionSchema>

/** `waiting`: nothing can go on until a person decides. */
export type RunStatus = 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled'

export type StepStatus =
  | 'pending'
  | 'ready'
  | 'running'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'compensated'
