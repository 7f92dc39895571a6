import { Argument, Command, Option } from 'commander'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { Submission, UpdateLevel } from '../../contracts/index.ts'
import type { CliContext } from '../context.ts'
import { cliErrors } from '../errors.ts'
import type { ExitCode } from '../exit-codes.ts'
import { submitAndFollow, type SubmissionOptions, withSubmissionOptions } from '../submission-options.ts'

type Task = NonNullable<Submission['task']>

interface UpkeepOptions extends SubmissionOptions {
  readonly path?: readonly string[]
  readonly package?: readonly string[]
  readonly level: UpdateLevel
}

/** As the contracts know them; said again, since a command that is not called loads nothing. */
const updateLevels: Readonly<Record<UpdateLevel, true>> = { 'in-range': true, patch: true, minor: true }

/** Work that the project's own tools do: lint fixes, formatting, codemods, new versions of dependencies. */
export function upkeepCommands(
  context: CliContext,
  finish: (code: ExitCode) => void,
): readonly [Command, Command, Command] {
  const start = async (command: Command, title: string, task: Task): Promise<void> => {
    const options = command.optsWithGlobals<UpkeepOptions>()
    finish(await submitAndFollow(context, options, { issue: { title, body: '' }, task }))
  }
  return [fixCommand(start), codemodCommand(start), depsCommand(start)]
}

type Start = (command: Command, title: string, task: Task) => Promise<void>

function upkeepCommand(name: string): Command {
  const command = new Command(name).option('--repo <path|url>', 'the repository', '.')
  return withSubmissionOptions(command)
}

function fixCommand(start: Start): Command {
  return upkeepCommand('fix')
    .description("let the project's own linter or formatter correct the code, and verify what it did")
    .addArgument(new Argument('<what>', 'what to correct').choices(['lint', 'format']))
    .option('--path <path...>', 'only these files or folders of the repository')
    .action(async (what: 'lint' | 'format', _options: unknown, command: Command) => {
      const { path = [] } = command.optsWithGlobals<UpkeepOptions>()
      const paths = [...path]
      await (what === 'lint'
        ? start(command, 'Fix lint problems', { kind: 'lint-fix', paths })
        : start(command, 'Format the code', { kind: 'format', paths }))
    })
}

function codemodCommand(start: Start): Command {
  return upkeepCommand('codemod')
    .description('apply a rule of ast-grep wherever it matches, and verify the result')
    .argument('<rule>', 'a file with the rule, or the path or id of one in the repository')
    .option('--path <path...>', 'only these files or folders of the repository')
    .action(async (argument: string, _options: unknown, command: Command) => {
      const { path = [] } = command.optsWithGlobals<UpkeepOptions>()
      const rule = await readRuleArgument(argument)
      await start(command, `Apply the rule ${argument}`.slice(0, 500), {
        kind: 'codemod',
        paths: [...path],
        rule,
      })
    })
}

function depsCommand(start: Start): Command {
  return upkeepCommand('deps')
    .description('update dependencies within limits, and verify the result')
    .addOption(
      new Option(
        '--level <level>',
        'how far to go: what the manifest allows already, or newer patch or minor versions',
      )
        .choices(Object.keys(updateLevels))
        .default('in-range'),
    )
    .option('--package <name...>', 'only these direct dependencies')
    .action(async (_options: unknown, command: Command) => {
      const { level, package: packages = [] } = command.optsWithGlobals<UpkeepOptions>()
      const which = packages.length === 0 ? 'dependencies' : packages.join(', ')
      await start(command, `Update ${which} (${level})`.slice(0, 500), {
        kind: 'dependency-update',
        level,
        packages: [...packages],
      })
    })
}

const longestRule = 65_536

/** A file of the person's own is read here and recorded with the run; anything else is looked up in the repository. */
async function readRuleArgument(argument: string): Promise<Extract<Task, { kind: 'codemod' }>['rule']> {
  if (!existsSync(argument)) return { from: 'repository', name: argument.replace(/^\.\//, '') }
  const { size } = await stat(argument)
  if (size > longestRule) throw cliErrors.UNREADABLE_RULE({ detail: `${argument} is longer than 64 KiB` })
  try {
    return { from: 'text', text: await readFile(argument, 'utf8') }
  } catch (cause) {
    throw cliErrors.UNREADABLE_RULE({ detail: argument, cause })
  }
}
