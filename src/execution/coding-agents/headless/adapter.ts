import type { Claim, ModelProtocol } from '../port.ts'

/** What a command line agent is told, and where it finds things, as seen from inside the sandbox. */
export interface HeadlessTask {
  readonly prompt: string
  readonly model: string
  /** Address of the gateway, without `/v1`. */
  readonly gatewayUrl: string
  readonly key: string
}

/** How to start it, after its own program. */
export interface HeadlessLaunch {
  readonly arguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** The prompt, for agents that read it from their standard input. */
  readonly input: string
}

/** A command line agent: how to start it, how to point it at the gateway, how to read its result. */
export interface HeadlessAgent {
  readonly name: string
  /** What people call it, and where it comes from. */
  readonly title: string
  readonly origin: { readonly kind: 'npm' | 'pypi'; readonly package: string }
  readonly speaks: ModelProtocol
  /**
   * Its program below the folder of the installation, by order of preference, `*` for one name; `.js` runs in Node.
   * Native programs come in packages of their own, so that nothing has to run at installation.
   */
  readonly programs: readonly string[]
  launch(task: HeadlessTask): HeadlessLaunch
  /** What it says about its work, from what it printed. Everything may be missing or wrong. */
  readClaim(output: string, exitCode: number | undefined): Claim
}

/** The claim of an agent that says nothing about success but in its exit status. */
export function claimByStatus(text: string, exitCode: number | undefined): Claim {
  const outcome = exitCode === 0 ? 'done' : exitCode === undefined ? 'unknown' : 'failed'
  return { outcome, text: text.trim().slice(-longestClaim) }
}

const longestClaim = 4_000

/** Every line that is a JSON object, for agents that print events; others are passed over. */
export function jsonLines(output: string): readonly Readonly<Record<string, unknown>>[] {
  return output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return []
    try {
      return [JSON.parse(line) as Readonly<Record<string, unknown>>]
    } catch {
      return []
    }
  })
}
