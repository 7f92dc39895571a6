import { z } from 'zod'
import type { Check } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { rewrittenFiles, treeWith } from './changed-files.ts'
import { readDeclarations } from './declarations.ts'
import { upkeepErrors } from './errors.ts'
import { defineKind, isWithin, some, type UpkeepPlace } from './kind.ts'
import { chooseLinter, type Linter, measuringScript } from './linters.ts'
import { lastWords, notFound, runProgram } from './program.ts'
import { byRule, newProblems, type Problem, problemSchema } from './problems.ts'

const needs = { dependencies: 'base', egress: 'none' } as const

interface LinterAtWork {
  readonly linter: Linter
  /** Arguments as a shell reads them. */
  readonly words: string
  readonly said: string
  readonly paths: readonly string[]
}

async function linterOf(place: UpkeepPlace, paths: readonly string[]): Promise<LinterAtWork> {
  const { linter, call } = chooseLinter(await readDeclarations(place, place.baseTree))
  const words = linter.arguments(call).join(' ')
  const origin = call.script === null ? '' : ` (as the script \`${call.script}\` calls it)`
  return { linter, words, said: `\`${linter.name} ${words}\`${origin}`, paths }
}

/** Everything that the linter complains about now. */
async function measure(
  place: UpkeepPlace,
  sandbox: Sandbox,
  { linter, words, paths }: LinterAtWork,
): Promise<readonly Problem[]> {
  const script = measuringScript(linter, words, place.directory)
  const result = await runProgram(place, sandbox, linter.name, script)
  if (result.code === notFound) throw upkeepErrors.NOT_INSTALLED({ detail: linter.name })
  if (result.code !== 0)
    throw upkeepErrors.PROGRAM_CRASHED({ detail: `${linter.name}: ${lastWords(result)}` })
  const problems = z.array(problemSchema).parse(JSON.parse(result.stdout))
  return problems.filter(({ file }) => isWithin(file, paths))
}

/**
 * Lint autofix: the project's own linter removes the problems for which it has a safe fix. Only files that it named are
 * taken, and of these only such as get no problem that they did not have.
 */
export const lintFix = defineKind({
  kind: 'lint-fix',
  summary: "Applies the safe fixes of the project's own linter.",
  propose(place, { paths }) {
    return place.within(place.baseTree, needs, async (sandbox) => {
      const at = await linterOf(place, paths)
      place.report(`counting problems with ${at.linter.name}`)
      const before = await measure(place, sandbox, at)
      const found = [`${at.said}: ${describe(before)}`]
      if (before.length === 0)
        return { tree: place.baseTree, explanation: `${at.linter.name} finds no problem.`, found }
      place.report(`fixing ${plural(before.length, 'problem')}`)
      await runProgram(
        place,
        sandbox,
        at.linter.name,
        `report="$TMPDIR/report.json"\n${at.linter.fix(at.words)}`,
      )
      const named = new Set(before.map(({ file }) => file))
      const rewritten = await rewrittenFiles(place, sandbox, place.baseTree, paths)
      const after = await measure(place, sandbox, at)
      const worse = new Set(newProblems(before, after).map(({ file }) => file))
      const kept = new Map([...rewritten].filter(([path]) => named.has(path) && !worse.has(path)))
      const left = [...rewritten.keys()].filter((path) => !kept.has(path))
      if (left.length > 0) found.push(`left as they are, since fixing brings new problems: ${some(left)}`)
      if (kept.size === 0)
        return { tree: place.baseTree, explanation: 'None of the problems can be fixed safely.', found }
      const remaining = [
        ...after.filter(({ file }) => !left.includes(file)),
        ...before.filter(({ file }) => left.includes(file)),
      ]
      return {
        tree: await treeWith(place.repository, place.baseTree, kept),
        explanation:
          `${at.linter.name} fixed ${plural(before.length - remaining.length, 'problem')} ` +
          `in ${plural(kept.size, 'file')}; ${remaining.length} are left.`,
        found,
        record: {
          program: at.linter.name,
          command: at.said,
          before: Object.fromEntries(byRule(before)),
          after: Object.fromEntries(byRule(remaining)),
        },
      }
    })
  },
  async verify(place, { paths }, tree) {
    const at = await linterOf(place, paths)
    const before = await place.within(place.baseTree, needs, (sandbox) => measure(place, sandbox, at))
    const after = await place.within(tree, needs, (sandbox) => measure(place, sandbox, at))
    const changed = (await place.repository.differences(place.baseTree, tree)).map(({ path }) => path)
    return checksOf(at.linter.name, { before, after, changed })
  },
})

/** What must hold of a lint autofix. */
export function checksOf(
  linter: string,
  {
    before,
    after,
    changed,
  }: {
    readonly before: readonly Problem[]
    readonly after: readonly Problem[]
    readonly changed: readonly string[]
  },
): readonly Check[] {
  const added = newProblems(before, after)
  const named = new Set(before.map(({ file }) => file))
  const strangers = changed.filter((path) => !named.has(path))
  return [
    {
      name: 'fewer problems',
      holds: after.length < before.length,
      detail: `${linter}: ${before.length} → ${after.length} (${differences(before, after)})`,
    },
    {
      name: 'no new problem',
      holds: added.length === 0,
      detail:
        added.length === 0
          ? 'of any rule in any file'
          : some(added.map(({ file, rule }) => `${file}: ${rule}`)),
    },
    {
      name: 'only files that the linter named',
      holds: strangers.length === 0,
      detail: strangers.length === 0 ? plural(changed.length, 'file') : some(strangers),
    },
  ]
}

function describe(problems: readonly Problem[]): string {
  if (problems.length === 0) return 'no problem'
  const rules = [...byRule(problems)].map(([rule, number]) => `${rule} ${number}`)
  const fixable = problems.filter((problem) => problem.fixable).length
  return `${plural(problems.length, 'problem')}, ${fixable} with a safe fix: ${some(rules)}`
}

function differences(before: readonly Problem[], after: readonly Problem[]): string {
  const now = byRule(after)
  const changed = [...byRule(before)]
    .filter(([rule, number]) => (now.get(rule) ?? 0) !== number)
    .map(([rule, number]) => `${rule} ${number} → ${now.get(rule) ?? 0}`)
  return changed.length === 0 ? 'no rule differs' : some(changed)
}
