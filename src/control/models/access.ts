import type { TaskKeyGrant } from '../../governance/identity/index.ts'

/** Limits of one key, in each process of the studio; calls beyond those under way at the same time wait for their turn. */
export type AccessLimits = TaskKeyGrant['limits']

/** Constraints on where data may go; anywhere when a member is absent. */
export type Places = TaskKeyGrant['places']

/** Who asks models, for which step, and which: what a task key stands for. */
export interface ModelAccess extends Omit<TaskKeyGrant, 'keyId' | 'limits' | 'places'> {
  /** Whose limits `limits` are; the run's step when absent. */
  readonly keyId?: string
  readonly limits?: AccessLimits
  readonly places?: Places
}
