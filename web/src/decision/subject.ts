/** What is decided about, as it was shown. */
export interface Subject {
  readonly approvalId: string
  readonly runId: string
  readonly title: string
  readonly repository: string
  /** The studio refuses a decision when this is another one by now. */
  readonly digest: string
  /** What is seen before confirming, as pairs of a name and a value. */
  readonly facts: readonly (readonly [string, string])[]
}
