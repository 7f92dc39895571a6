import type { TestFramework } from '../../../contracts/index.ts'
import type { RepositoryFiles } from '../repository-files.ts'
import { runners } from '../runners/index.ts'
import type { Invocation } from '../suite.ts'
import { entryFile, frameworkOfProgram } from './entry-file.ts'
import type { ScriptCommand } from './script-walk.ts'
import { formatCommand } from './script-walk.ts'
import { literalWord } from './shell-words.ts'
import { unwrapCommand } from './unwrap.ts'

/** A command of the project that runs tests. */
export interface SuiteCandidate {
  readonly framework: TestFramework
  readonly invocation: Invocation
  /** As the project has it. */
  readonly command: string
  readonly trail: readonly string[]
  readonly omitted: readonly string[]
  /** Whether it names files itself and so may run only a part. */
  readonly narrowed: boolean
}

/** What runs tests among the commands of a script, in order. */
export async function findCandidates(
  commands: readonly ScriptCommand[],
  files: RepositoryFiles,
): Promise<readonly SuiteCandidate[]> {
  const found: SuiteCandidate[] = []
  for (const command of commands) {
    if (command.piped) continue
    const { invocation, omitted } = unwrapCommand(command)
    const recognised = await recognise(invocation, files)
    if (recognised === null) continue
    found.push({
      framework: recognised.framework,
      invocation: recognised.invocation,
      command: formatCommand(command.environment, command.words),
      trail: command.trail,
      omitted,
      narrowed: runners[recognised.framework].fileArguments(recognised.invocation).length > 0,
    })
  }
  return found
}

interface Recognised {
  readonly framework: TestFramework
  readonly invocation: Invocation
}

async function recognise(invocation: Invocation, files: RepositoryFiles): Promise<Recognised | null> {
  const { program } = invocation
  if (program === 'react-scripts' && invocation.arguments[0]?.text !== 'test') return null
  const runner = Object.values(runners).find(({ programs }) => programs.includes(program))
  if (runner !== undefined) return { framework: runner.framework, invocation }
  if (program === 'python3') return recognisePython(invocation)
  if (program !== 'node') return null
  if (invocation.nodeOptions.some((word) => word.text === '--test'))
    return { framework: 'node:test', invocation }
  const entry = invocation.arguments[0]
  if (entry === undefined) return null
  const file = entryFile(entry.text, await files.list())
  const framework = file === null ? null : await frameworkOfProgram(file, files)
  if (file === null || framework === null) return null
  return {
    framework,
    invocation: { ...invocation, arguments: [literalWord(file), ...invocation.arguments.slice(1)] },
  }
}

function recognisePython(invocation: Invocation): Recognised | null {
  const [flag, module, ...rest] = invocation.arguments
  if (flag?.text !== '-m' || (module?.text !== 'pytest' && module?.text !== 'unittest')) return null
  return { framework: module.text, invocation: { ...invocation, program: module.text, arguments: rest } }
}

/**
 * The candidate that stands for the whole suite: one that runs everything before one that names files, and among
 * equals the later one, since scripts put special cases first.
 */
export function chooseCandidate(candidates: readonly SuiteCandidate[]): SuiteCandidate | undefined {
  return candidates.findLast((candidate) => !candidate.narrowed) ?? candidates.at(-1)
}
