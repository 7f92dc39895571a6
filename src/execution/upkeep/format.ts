import type { Check } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { rewrittenFiles, treeWith } from './changed-files.ts'
import { readDeclarations } from './declarations.ts'
import { upkeepErrors } from './errors.ts'
import { chooseFormatter, type Formatter } from './formatters.ts'
import { defineKind, some, type UpkeepPlace } from './kind.ts'
import { lastWords, notFound, runProgram } from './program.ts'
import { comparePython } from './python-syntax.ts'
import { compareMeaning, type Comparison } from './same-meaning.ts'

const needs = { dependencies: 'base', egress: 'none' } as const

interface FormatterAtWork {
  readonly formatter: Formatter
  readonly words: string
  readonly said: string
}

async function formatterOf(place: UpkeepPlace): Promise<FormatterAtWork> {
  const { formatter, call } = chooseFormatter(await readDeclarations(place, place.baseTree))
  const words = formatter.arguments(call).join(' ')
  const origin = call.script === null ? '' : ` (as the script \`${call.script}\` calls it)`
  return { formatter, words, said: `\`${formatter.name} ${words}\`${origin}` }
}

/** Formats what is in the sandbox, and returns the files that do not parse. */
async function write(
  place: UpkeepPlace,
  sandbox: Sandbox,
  { formatter, words }: FormatterAtWork,
): Promise<readonly string[]> {
  const script = `command -v ${formatter.name} > /dev/null || exit ${notFound}\n${formatter.write(words)}`
  const result = await runProgram(place, sandbox, formatter.name, script)
  if (result.code === notFound) throw upkeepErrors.NOT_INSTALLED({ detail: formatter.name })
  if (result.code === 0) return []
  const unreadable = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .flatMap((line) => formatter.unreadable.exec(line)?.[1] ?? [])
  if (unreadable.length === 0)
    throw upkeepErrors.PROGRAM_CRASHED({ detail: `${formatter.name}: ${lastWords(result)}` })
  return [...new Set(unreadable)]
}

/** Formatting with the project's own formatter: a second run changes nothing, and neither do the syntax trees. */
export const format = defineKind({
  kind: 'format',
  summary: "Runs the project's own formatter.",
  propose(place, { paths }) {
    return place.within(place.baseTree, needs, async (sandbox) => {
      const at = await formatterOf(place)
      place.report(`formatting with ${at.formatter.name}`)
      const unreadable = await write(place, sandbox, at)
      const rewritten = await rewrittenFiles(place, sandbox, place.baseTree, paths)
      const found = [`${at.said}: ${plural(rewritten.size, 'file')} not formatted`]
      if (unreadable.length > 0) found.push(`not parsed, and left as they are: ${some(unreadable)}`)
      if (rewritten.size === 0)
        return { tree: place.baseTree, explanation: `${at.formatter.name} has nothing to change.`, found }
      return {
        tree: await treeWith(place.repository, place.baseTree, rewritten),
        explanation: `${at.formatter.name} formatted ${plural(rewritten.size, 'file')}.`,
        found,
        record: { program: at.formatter.name, command: at.said, files: [...rewritten.keys()], unreadable },
      }
    })
  },
  async verify(place, { paths }, tree) {
    const at = await formatterOf(place)
    return place.within(tree, needs, async (sandbox) => {
      const meaning = await compareFiles(place, sandbox, tree)
      await write(place, sandbox, at)
      const again = await rewrittenFiles(place, sandbox, tree, paths)
      return [sameTrees(meaning), idempotent(at.formatter.name, [...again.keys()])]
    })
  },
})

/** What became of the meaning of each changed file. */
async function compareFiles(
  place: UpkeepPlace,
  sandbox: Sandbox,
  tree: string,
): Promise<ReadonlyMap<string, Comparison>> {
  const { repository, baseTree } = place
  const changed = (await repository.differences(baseTree, tree)).map(({ path }) => path)
  const texts = await Promise.all(
    changed.map(async (path) => ({
      path,
      before: (await repository.readText(baseTree, path)) ?? '',
      after: (await repository.readText(tree, path)) ?? '',
    })),
  )
  const isPython = ({ path }: { readonly path: string }): boolean => /\.pyi?$/.test(path)
  const python = texts.filter(isPython)
  const compared = await comparePython(
    place,
    sandbox,
    python.map(({ before, after }) => [before, after] as const),
  )
  return new Map([
    ...python.map(({ path }, at) => [path, compared[at] ?? 'not-compared'] as const),
    ...texts
      .filter((file) => !isPython(file))
      .map(({ path, before, after }) => [path, compareMeaning(path, before, after)] as const),
  ])
}

function sameTrees(meaning: ReadonlyMap<string, Comparison>): Check {
  const of = (wanted: Comparison): string[] =>
    [...meaning].filter(([, comparison]) => comparison === wanted).map(([path]) => path)
  const [same, different, unknown] = [of('same'), of('different'), of('not-compared')]
  const others = unknown.length === 0 ? '' : `; in languages that are not compared: ${some(unknown)}`
  return {
    name: 'same syntax trees',
    holds: different.length === 0,
    detail:
      different.length > 0
        ? `more than the form changes in ${some(different)}`
        : `${plural(same.length, 'file')} compared${others}`,
  }
}

function idempotent(formatter: string, again: readonly string[]): Check {
  return {
    name: 'a second run changes nothing',
    holds: again.length === 0,
    detail: again.length === 0 ? formatter : `${formatter} changes ${some(again)} again`,
  }
}
