import { Argument, Command } from 'commander'
import { type Candidate, candidatesFor, completionScripts } from '../completion/index.ts'
import type { CliContext } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { oneLine, writeLine } from '../terminal.ts'

type Shell = keyof typeof completionScripts

/** The scripts that shells load, and the command by which they ask; only people who write scripts need that one. */
export function completionCommands(
  context: CliContext,
  finish: (code: ExitCode) => void,
): readonly [visible: Command, hidden: Command] {
  return [
    new Command('completion')
      .description('print what makes a shell complete commands, options and runs')
      .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(completionScripts)))
      .action((shell: Shell) => {
        context.terminal.stdout.write(completionScripts[shell])
        finish(exitCodes.success)
      }),
    new Command('complete')
      .description('say what fits at the cursor, a line each')
      .argument('[words...]', 'what was written so far; the last may be empty')
      .action(async (words: string[], _options: unknown, command: Command) => {
        for (const { value, description } of await answer(context, command.parent ?? command, words))
          if (value.startsWith(words.at(-1) ?? ''))
            writeLine(context.terminal.stdout, `${value}\t${oneLine(description, 100)}`)
        finish(exitCodes.success)
      }),
  ]
}

async function answer(
  context: CliContext,
  program: Command,
  words: readonly string[],
): Promise<readonly Candidate[]> {
  const wanted = candidatesFor(program, words)
  if (wanted.kind === 'other') return []
  if (wanted.kind === 'candidates') return wanted.candidates
  const server = words[words.lastIndexOf('--server') + 1]
  const options = words.includes('--server') && server !== undefined ? { server } : {}
  const runs = await context.recentRuns(options)
  return [
    { value: 'latest', description: 'the newest run' },
    ...runs.map(({ id, title }) => ({ value: id, description: title })),
  ]
}
