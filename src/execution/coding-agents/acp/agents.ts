import type { HeadlessAgent, HeadlessLaunch, HeadlessTask } from '../headless/adapter.ts'
import { geminiCli } from '../headless/gemini-cli.ts'
import { opencode } from '../headless/opencode.ts'
import { qwenCode } from '../headless/qwen-code.ts'

/** A program that speaks the Agent Client Protocol on its standard input and output. */
export interface AcpAgent extends Pick<HeadlessAgent, 'name' | 'title' | 'origin' | 'speaks' | 'programs'> {
  /** How to start it and point it at the gateway; the prompt goes through the protocol. */
  launch(task: Omit<HeadlessTask, 'prompt'>): Pick<HeadlessLaunch, 'arguments' | 'environment'>
}

/** An agent whose command line program also speaks the protocol, when it is started with these arguments. */
function spoken(agent: HeadlessAgent, argv: readonly string[]): AcpAgent {
  const { name, title, origin, speaks, programs } = agent
  return {
    ...{ name, title, origin, speaks, programs },
    launch: (task) => ({ arguments: argv, environment: agent.launch({ ...task, prompt: '' }).environment }),
  }
}

/** The agents that the studio knows how to start; any other one is given as a value of this kind. */
export const acpAgents: readonly AcpAgent[] = [
  spoken(qwenCode, ['--acp', '--auth-type', 'openai']),
  spoken(opencode, ['acp']),
  spoken(geminiCli, ['--experimental-acp']),
]
