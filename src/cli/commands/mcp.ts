import { Command } from 'commander'
import type { CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { placeArgument } from '../repository-argument.ts'
import { withStudio } from '../with-studio.ts'
import { mcpToolCommands } from './mcp-tools.ts'

interface McpOptions extends GlobalOptions {
  readonly repo: string
  readonly revision?: string
  readonly as: string
  /** Commander's name for the negated option `--no-index`. */
  readonly index: boolean
}

/** Servers for agents, one for each narrow set of tools. */
export function mcpCommand(context: CliContext, finish: (code: ExitCode) => void): Command {
  const mcp = new Command('mcp')
    .description(
      'tools by the Model Context Protocol: serve those of the studio, and look after those of others',
    )
    .addCommand(
      new Command('code')
        .description(
          'serve an agent on standard input and output: search, context and symbols of one repository, read-only',
        )
        .option('--repo <path|url>', 'the repository', '.')
        .option('--revision <revision>', "branch, tag or commit (default: the repository's HEAD)")
        .option('--as <name>', 'on whose behalf the agent asks', 'owner')
        .option('--no-index', 'answer from what is indexed already')
        .action(async (_options: unknown, self: Command) => {
          finish(await serve(context, self.optsWithGlobals()))
        }),
    )
  for (const command of mcpToolCommands(context, finish)) mcp.addCommand(command)
  return mcp
}

async function serve(context: CliContext, options: McpOptions): Promise<ExitCode> {
  const { as: by, index: fresh } = options
  const repository = placeArgument(options)
  const { stdin: input, stdout: output } = context.terminal
  return withStudio(context, options, 'look', async ({ code }) => {
    const { loadServing } = await import('../../api/index.ts')
    const { serveCode } = await loadServing()
    await serveCode(
      { code, repository, by, fresh, version: context.version },
      { input, output, signal: context.signal },
    )
    return exitCodes.success
  })
}
