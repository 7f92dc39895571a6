import { quoteWord } from '../testing/index.ts'
import {
  type Declarations,
  type DeclaredCall,
  declaredCall,
  namesPythonProgram,
  needsPackage,
  orEverything,
  withoutOptions,
} from './declarations.ts'
import { upkeepErrors } from './errors.ts'

/** A linter that projects use, as far as upkeep needs to know it. */
export interface Linter {
  readonly name: string
  isDeclared(declarations: Declarations): boolean
  /** The project's own arguments, without what upkeep decides. */
  arguments(call: DeclaredCall): readonly string[]
  /** Shell: leaves the report in `$report` and ends with status 0 or 1 when the linter worked. */
  measure(words: string): string
  /** Shell: applies the fixes that the linter calls safe; any status. */
  fix(words: string): string
  /** JavaScript in the sandbox: the body of a function from the text of the report to a list of problems. */
  readonly read: string
}

const eslint: Linter = {
  name: 'eslint',
  isDeclared: (declarations) => needsPackage(declarations, 'eslint'),
  arguments: ({ words }) =>
    orEverything(
      withoutOptions(words, {
        plain: /^--(?:fix|fix-dry-run|no-fix|quiet|debug|cache|color|no-color|pass-on-no-patterns)$/,
        withValue: /^(?:-f|--format|-o|--output-file|--max-warnings|--cache-\w+|--fix-type)$/,
      }),
    ),
  measure: (words) => `eslint ${words} --format json --output-file "$report" 1>&2`,
  fix: (words) => `eslint ${words} --fix --format json --output-file "$report" 1>&2`,
  read: `return JSON.parse(text).flatMap(({ filePath, messages }) => messages.map((problem) => ({
    file: filePath, line: problem.line || 1, rule: problem.ruleId || '(syntax)',
    message: problem.message, fixable: problem.fix !== undefined })))`,
}

const biome: Linter = {
  name: 'biome',
  isDeclared: (declarations) => needsPackage(declarations, '@biomejs/biome'),
  // Its reports change between `lint`, `check` and `ci`: only what is looked at is taken from the scripts.
  arguments: ({ words }) => orEverything(withoutOptions(words.slice(1), { plain: /^-/, withValue: /^$/ })),
  measure: (words) =>
    `biome lint --reporter=json --max-diagnostics=none --colors=off ${words} > "$report"; test $? -le 1`,
  fix: (words) => `biome lint --write --colors=off ${words} 1>&2`,
  read: `const found = JSON.parse(text.slice(text.indexOf('{')))
    return found.diagnostics.filter(({ category }) => /^(lint|parse|suppressions)/.test(category)).map((problem) => ({
    file: problem.location.path?.file ?? problem.location.path ?? '', line: problem.location.start?.line ?? 1,
    rule: problem.category.replace(/^lint\\//, ''),
    message: typeof problem.message === 'string' ? problem.message : problem.description ?? '',
    fixable: (problem.tags ?? []).includes('fixable') || JSON.stringify(problem.advices ?? '').includes('Safe fix') }))`,
}

const ruff: Linter = {
  name: 'ruff',
  isDeclared: (declarations) => namesPythonProgram(declarations, 'ruff'),
  arguments: () => ['.'],
  measure: (words) => `ruff check --output-format json --exit-zero --no-cache ${words} > "$report"`,
  fix: (words) => `ruff check --fix --exit-zero --no-cache ${words} 1>&2`,
  read: `return JSON.parse(text).map((problem) => ({
    file: problem.filename, line: problem.location.row, rule: problem.code ?? '(syntax)',
    message: problem.message, fixable: problem.fix?.applicability === 'safe' }))`,
}

/** The linter that a project declares, and how it calls it. Throws `ATL_UPKEEP_NO_LINTER`. */
export function chooseLinter(declarations: Declarations): {
  readonly linter: Linter
  readonly call: DeclaredCall
} {
  const order = declarations.packageManager === 'pip' ? [ruff, eslint, biome] : [eslint, biome, ruff]
  const linter = order.find((one) => one.isDeclared(declarations))
  if (linter === undefined) throw upkeepErrors.NO_LINTER()
  return { linter, call: declaredCall(declarations, linter.name) }
}

/** One line of JSON for each problem, with paths relative to the repository's root. */
export function measuringScript(linter: Linter, words: string, directory: string): string {
  const reader = `
const fs = require('fs'), path = require('path')
const text = fs.readFileSync(process.argv[1], 'utf8')
const problems = (function () { ${linter.read} })()
const shown = problems.map((problem) => ({ ...problem,
  file: path.posix.join(${JSON.stringify(directory)}, path.relative(process.cwd(), path.resolve(problem.file))),
  message: String(problem.message).slice(0, 200) }))
console.log(JSON.stringify(shown))`
  return [
    `command -v ${linter.name} > /dev/null || exit 127`,
    'report="$TMPDIR/report.json"; rm -f "$report"',
    `${linter.measure(words)}; status=$?`,
    'if [ $status -gt 1 ] || [ ! -s "$report" ]; then exit 2; fi',
    `node -e ${quoteWord(reader)} "$report"`,
  ].join('\n')
}
