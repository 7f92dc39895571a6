import type { Intent, TestCase, TestReport, ToolContext } from '../../contracts/index.ts'
import { isScriptPath, type Repository } from '../repository/index.ts'
import { type ExampleTest, packageEntry, type ProjectFile, testOfExample } from '../testing/index.ts'
import { runOnTree } from './execute.ts'
import type { ExecutionPlaces, Workspace } from './workspace.ts'

/** A fault that the work item's own example shows. */
export interface ShownFault {
  /** The base tree with the example as a test. */
  readonly tree: string
  readonly test: ExampleTest
  readonly failing: readonly TestCase[]
}

const mostExamples = 5
const mostModels = 40
const scriptLanguages = /^(?:|js|jsx|javascript|mjs|cjs|node|ts|tsx|typescript)$/i

/**
 * Turns the code that a work item shows into a test and runs it on the base revision. It shows the fault if a value is
 * not the one that the work item expects, or if what is thrown is what the work item speaks of. Null where no example
 * does.
 */
export async function reproduceFromExample(
  places: ExecutionPlaces,
  workspace: Workspace,
  { intent, baseline }: { readonly intent: Intent; readonly baseline: TestReport },
  context: ToolContext,
): Promise<ShownFault | null> {
  const examples = intent.snippets.filter(({ language }) => scriptLanguages.test(language))
  if (examples.length === 0) return null
  const { tenantId } = context
  const repository = await places.repositories.open({ tenantId, location: workspace.location })
  const project = await readProject(repository, workspace, intent, baseline)
  for (const { code } of examples.slice(0, mostExamples)) {
    const test = testOfExample({ code, ...project })
    if (test === null || project.paths.has(test.path)) continue
    context.report('running the example of the issue as a test')
    const change = { kind: 'write', path: test.path, content: test.text } as const
    const tree = await repository.applyFileChanges(workspace.base.tree, [change])
    const report = await runOnTree(places, workspace, tree, context, [test.path])
    const failing = report.tests.filter(
      ({ name, outcome }) => outcome === 'failed' && name.includes(test.title),
    )
    if (failing.length > 0 && failing.every((one) => isMeant(one, test, intent)))
      return { tree, test, failing }
  }
  return null
}

async function readProject(
  repository: Repository,
  { base, suite }: Workspace,
  intent: Intent,
  baseline: TestReport,
): Promise<{
  readonly models: readonly ProjectFile[]
  readonly paths: ReadonlySet<string>
  readonly packageName: string | undefined
  readonly entry: string | undefined
}> {
  const paths = new Set((await repository.listFiles(base.tree)).map(({ path }) => path))
  const manifest = await repository.readText(
    base.tree,
    suite.directory === '' ? 'package.json' : `${suite.directory}/package.json`,
  )
  const passing = baseline.tests.flatMap(({ file, outcome }) =>
    outcome === 'passed' && file !== undefined && isScriptPath(file) ? [file] : [],
  )
  const models = [...new Set(passing)]
    .map((path) => ({ path, affinity: affinityOf(path, intent) }))
    .sort((left, right) => right.affinity - left.affinity || left.path.length - right.path.length)
    .slice(0, mostModels)
    .map(({ path }) => path)
  const texts = await repository.readFiles(base.tree, models)
  return {
    models: models.map((path) => ({ path, text: new TextDecoder().decode(texts.get(path)) })),
    paths,
    ...packageEntry(manifest ?? '', suite.directory, paths),
  }
}

/** How much of what the work item names is in the path. */
function affinityOf(path: string, { symbols, files, goal }: Intent): number {
  const text = path.toLowerCase()
  const words = [...symbols, ...files.flatMap((file) => file.split(/[/.]/)), ...goal.split(/\W+/)]
  return words.filter((word) => word.length > 3 && text.includes(word.toLowerCase())).length
}

const ofTheExample = /Cannot find (?:module|package)|is not defined|SyntaxError|ERR_MODULE_NOT_FOUND/

/** Whether the failure is what the work item is about, and not that its example is but a sketch. */
function isMeant({ message = '' }: TestCase, { comparesValues }: ExampleTest, intent: Intent): boolean {
  if (ofTheExample.test(message)) return false
  if (comparesValues) return true
  const text = squeezed(
    [intent.goal, ...intent.acceptanceCriteria, ...intent.snippets.map(({ code }) => code)].join('\n'),
  )
  const [line = ''] = message.trim().split('\n')
  const [, name = '', said = ''] = /^(?:Uncaught )?(\w*Error)?(?: \[\w+\])?:? ?(.*)$/.exec(line) ?? []
  return (said.length >= 8 && text.includes(squeezed(said))) || (name !== '' && text.includes(squeezed(name)))
}

function squeezed(text: string): string {
  return text.toLowerCase().replaceAll(/[\s`'"]+/g, ' ')
}
