import path from 'node:path'
import { Command } from 'commander'
import type { BackupSummary, CliContext, GlobalOptions } from '../context.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import { count, humanBytes, writeJson, writeLine } from '../terminal.ts'

export function backupCommands(context: CliContext, finish: (code: ExitCode) => void): Command[] {
  const report = (options: GlobalOptions, summary: BackupSummary, text: string): void => {
    if (options.json === true) writeJson(context.terminal.stdout, summary)
    else writeLine(context.terminal.stdout, text)
    finish(exitCodes.success)
  }
  return [
    new Command('backup')
      .description('copy the whole studio into a folder, while it works')
      .argument('<folder>', 'an empty folder, or one that does not exist yet')
      .action(async (folder: string, _options: unknown, command: Command) => {
        const options = command.optsWithGlobals<GlobalOptions>()
        const summary = await context.backUp(options, path.resolve(folder))
        report(
          options,
          summary,
          `Backed up ${count(summary.files, 'file')}, ${humanBytes(summary.bytes)}, to ${summary.folder}. ` +
            'It holds the keys of the studio: keep it as safe as these.',
        )
      }),
    new Command('restore')
      .description('make a data directory from a backup')
      .argument('<folder>', 'what atelier backup wrote')
      .action(async (folder: string, _options: unknown, command: Command) => {
        const options = command.optsWithGlobals<GlobalOptions>()
        const summary = await context.restore(options, path.resolve(folder))
        report(
          options,
          summary,
          `Restored the studio as it was at ${summary.startedAt}: ${count(summary.files, 'file')}, ` +
            `${humanBytes(summary.bytes)}.`,
        )
      }),
  ]
}
