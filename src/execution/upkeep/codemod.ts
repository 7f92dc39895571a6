import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Check } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { quoteWord } from '../testing/index.ts'
import { rewrittenFiles, treeWith } from './changed-files.ts'
import { type CodemodRule, readRule } from './codemod-rule.ts'
import { upkeepErrors } from './errors.ts'
import { defineKind, isWithin, some, type UpkeepPlace } from './kind.ts'
import { lastWords, runProgram } from './program.ts'

/** Where the sandbox sees ast-grep: it parses what others wrote, so it never runs outside of one. */
const engineTarget = '/opt/atelier/ast-grep'
/** How often a rule that says so is applied again, for matches inside of matches. */
const mostRounds = 10

/** Number of matches by file. */
type Matches = ReadonlyMap<string, number>

/** The ast-grep program on this machine. Throws `ATL_UPKEEP_ENGINE_MISSING`. */
function locateEngine(): string {
  const name = `@ast-grep/cli-linux-${process.arch}-gnu`
  try {
    const program = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'ast-grep')
    if (existsSync(program)) return program
  } catch {
    // Not installed for this platform.
  }
  throw upkeepErrors.ENGINE_MISSING({ detail: name })
}

function needs(): Parameters<UpkeepPlace['within']>[1] {
  return {
    dependencies: 'none',
    egress: 'none',
    binds: [{ source: locateEngine(), target: `${engineTarget}/ast-grep` }],
  }
}

/** One line of JSON: the number of matches by file. */
const counting = `
const counts = {}
let rest = ''
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n')
  rest = lines.pop()
  for (const line of lines) if (line) { const { file } = JSON.parse(line); counts[file] = (counts[file] ?? 0) + 1 }
}).on('end', () => console.log(JSON.stringify(counts)))
`

async function scan(
  place: UpkeepPlace,
  sandbox: Sandbox,
  rule: string,
  paths: readonly string[],
): Promise<Matches> {
  const engine = quoteWord(sandbox.locate(`${engineTarget}/ast-grep`))
  const script = `cat > "$TMPDIR/rule.yml"
${engine} scan --rule "$TMPDIR/rule.yml" --json=stream . > "$TMPDIR/matches"
status=$?; [ $status -le 1 ] || exit $status
node -e ${quoteWord(counting)} < "$TMPDIR/matches"`
  const result = await runProgram(place, sandbox, 'ast-grep', script, { stdin: rule })
  if (result.code !== 0) throw upkeepErrors.RULE_INVALID({ detail: lastWords(result) })
  const counts = z.record(z.string(), z.int()).parse(JSON.parse(result.stdout))
  return new Map(Object.entries(counts).filter(([path]) => isWithin(path, paths)))
}

/** Puts the fixes of a rule in place of what it matches. */
async function rewrite(
  place: UpkeepPlace,
  sandbox: Sandbox,
  rule: string,
  files: readonly string[],
): Promise<void> {
  const engine = quoteWord(sandbox.locate(`${engineTarget}/ast-grep`))
  const script = `cat > "$TMPDIR/rule.yml"
${engine} scan --rule "$TMPDIR/rule.yml" --update-all ${files.map((file) => quoteWord(`./${file}`)).join(' ')}`
  const result = await runProgram(place, sandbox, 'ast-grep', script, { stdin: rule })
  if (result.code > 1) throw upkeepErrors.PROGRAM_CRASHED({ detail: `ast-grep: ${lastWords(result)}` })
}

/** Places that do not parse, by file, as tree-sitter sees them. */
function scanErrors(place: UpkeepPlace, sandbox: Sandbox, rule: CodemodRule): Promise<Matches> {
  const rules = rule.languages.map(
    (language, at) =>
      `id: does-not-parse-${at}\nlanguage: ${JSON.stringify(language)}\nrule:\n  kind: ERROR\n`,
  )
  return scan(place, sandbox, rules.join('---\n'), [])
}

/** A codemod: a rule of ast-grep, applied everywhere it matches. */
export const codemod = defineKind({
  kind: 'codemod',
  summary: 'Applies a rule of ast-grep.',
  async propose(outer, task) {
    const place = atRoot(outer)
    const rule = await readRule(place, task)
    return place.within(place.baseTree, needs(), async (sandbox) => {
      place.report(`looking for ${some(rule.ids)}`)
      const before = await scan(place, sandbox, rule.text, task.paths)
      const found = [`${some(rule.ids)} (${rule.origin}): ${describe(before)}`]
      if (before.size === 0) return { tree: place.baseTree, explanation: 'The rule matches nothing.', found }
      if (before.size > 500)
        throw upkeepErrors.TOO_MUCH({ detail: `the rule matches in ${plural(before.size, 'file')}` })
      let left: Matches = before
      for (let round = 0; left.size > 0 && round < (rule.complete ? mostRounds : 1); round += 1) {
        place.report(`rewriting ${describe(left)}`)
        await rewrite(place, sandbox, rule.text, [...left.keys()])
        left = await scan(place, sandbox, rule.text, task.paths)
      }
      const rewritten = await rewrittenFiles(place, sandbox, place.baseTree, task.paths)
      const kept = new Map([...rewritten].filter(([path]) => before.has(path)))
      if (kept.size === 0)
        return { tree: place.baseTree, explanation: 'What the rule puts in place is there already.', found }
      return {
        tree: await treeWith(place.repository, place.baseTree, kept),
        explanation: `${some(rule.ids)} rewrote ${plural(kept.size, 'file')}; ${describe(left)} afterwards.`,
        found,
        record: { rule: rule.text, before: Object.fromEntries(before), after: Object.fromEntries(left) },
      }
    })
  },
  async verify(outer, task, tree) {
    const place = atRoot(outer)
    const rule = await readRule(place, task)
    const measure = (of: string): Promise<{ readonly matches: Matches; readonly errors: Matches }> =>
      place.within(of, needs(), async (sandbox) => ({
        matches: await scan(place, sandbox, rule.text, task.paths),
        errors: await scanErrors(place, sandbox, rule),
      }))
    const [before, after] = [await measure(place.baseTree), await measure(tree)]
    const changed = (await place.repository.differences(place.baseTree, tree)).map(({ path }) => path)
    return [
      parses(before.errors, after.errors, changed),
      remaining(rule, before.matches, after.matches),
      onlyMatched(before.matches, changed),
    ]
  },
})

/** Rules name files from the repository's root, whatever package the tests stand in. */
function atRoot(place: UpkeepPlace): UpkeepPlace {
  return { ...place, directory: '' }
}

function parses(before: Matches, after: Matches, changed: readonly string[]): Check {
  const worse = changed.filter((path) => (after.get(path) ?? 0) > (before.get(path) ?? 0))
  return {
    name: 'the result parses',
    holds: worse.length === 0,
    detail: worse.length === 0 ? plural(changed.length, 'file') : `new syntax errors in ${some(worse)}`,
  }
}

function remaining({ complete }: CodemodRule, before: Matches, after: Matches): Check {
  const [first, last] = [total(before), total(after)]
  return {
    name: complete ? 'the rule matches nothing any more' : 'matches counted',
    holds: !complete || last === 0,
    detail: `${first} → ${last}${last > 0 ? ` in ${some([...after.keys()])}` : ''}`,
  }
}

function onlyMatched(matches: Matches, changed: readonly string[]): Check {
  const strangers = changed.filter((path) => !matches.has(path))
  return {
    name: 'only files that the rule matches in',
    holds: strangers.length === 0,
    detail: strangers.length === 0 ? plural(changed.length, 'file') : some(strangers),
  }
}

function describe(matches: Matches): string {
  const number = total(matches)
  return `${plural(number, 'match', 'matches')} in ${plural(matches.size, 'file')}`
}

function total(matches: Matches): number {
  return [...matches.values()].reduce((sum, number) => sum + number, 0)
}
