import { posix } from 'node:path'
import { isMap, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { upkeepErrors } from './errors.ts'
import { some, type TaskOf, type UpkeepPlace } from './kind.ts'

/** Rules of ast-grep, as far as the studio reads them; ast-grep itself reads all of it, in the sandbox. */
const ruleSchema = z.looseObject({
  id: z.string().min(1).max(200),
  language: z.string().min(1).max(50),
  fix: z.unknown().optional(),
  metadata: z.looseObject({ complete: z.boolean().default(false) }).default({ complete: false }),
})

export interface CodemodRule {
  /** As ast-grep reads it: one or more YAML documents. */
  readonly text: string
  readonly ids: readonly string[]
  readonly languages: readonly string[]
  /** Whether the rule says (`metadata.complete: true`) that nothing matches once it was applied. */
  readonly complete: boolean
  /** The person's own text, or where it stands in the repository. */
  readonly origin: string
}

const longest = 65_536

/** The rule that a task names. Throws `ATL_UPKEEP_RULE_NOT_FOUND` or `…_RULE_INVALID`. */
export async function readRule(place: UpkeepPlace, { rule }: TaskOf<'codemod'>): Promise<CodemodRule> {
  if (rule.from === 'text') return parseRule(rule.text, 'given')
  const own = await place.repository.readText(place.baseTree, rule.name)
  if (own !== null) return parseRule(own, rule.name)
  for (const path of await ruleFiles(place)) {
    const text = await place.repository.readText(place.baseTree, path)
    if (text === null || text.length > longest || !text.includes(rule.name)) continue
    const parsed = parseRule(text, path)
    if (parsed.ids.includes(rule.name)) return parsed
  }
  throw upkeepErrors.RULE_NOT_FOUND({ detail: rule.name })
}

/** Reads the text of a rule. Throws `ATL_UPKEEP_RULE_INVALID`. */
export function parseRule(text: string, origin: string): CodemodRule {
  if (text.length > longest) throw upkeepErrors.RULE_INVALID({ detail: `${origin} is longer than 64 KiB` })
  const documents = parseAllDocuments(text)
  const rules = (Array.isArray(documents) ? documents : []).filter(({ contents }) => contents !== null)
  const broken = rules.find(({ errors }) => errors.length > 0)?.errors[0]?.message
  if (rules.length === 0 || broken !== undefined)
    throw upkeepErrors.RULE_INVALID({ detail: broken ?? `${origin} is empty` })
  const read = rules.map((document) => {
    const parsed = ruleSchema.safeParse(
      isMap(document.contents) ? document.toJS({ maxAliasCount: 100 }) : null,
    )
    if (!parsed.success) throw upkeepErrors.RULE_INVALID({ detail: z.prettifyError(parsed.error) })
    return parsed.data
  })
  const withoutFix = read.filter(({ fix }) => fix === undefined).map(({ id }) => id)
  if (withoutFix.length > 0)
    throw upkeepErrors.RULE_INVALID({
      detail: `${some(withoutFix)}: nothing says what to put in place (fix)`,
    })
  return {
    text,
    ids: read.map(({ id }) => id),
    languages: [...new Set(read.map(({ language }) => language))],
    complete: read.every(({ metadata }) => metadata.complete),
    origin,
  }
}

/** Files with rules, in the folders that sgconfig.yml names. */
async function ruleFiles({ repository, baseTree }: UpkeepPlace): Promise<readonly string[]> {
  const files = await repository.listFiles(baseTree)
  const configuration = files.find(({ path }) => /^sgconfig\.ya?ml$/.test(path))?.path
  const text = configuration === undefined ? null : await repository.readText(baseTree, configuration)
  const [document] = text === null || text.length > longest ? [] : parseAllDocuments(text)
  const parsed = z.looseObject({ ruleDirs: z.array(z.string()) }).safeParse(document?.toJS())
  const folders = parsed.success ? parsed.data.ruleDirs.map((folder) => posix.normalize(`${folder}/`)) : []
  return files
    .map(({ path }) => path)
    .filter((path) => /\.ya?ml$/.test(path) && folders.some((folder) => path.startsWith(folder)))
    .slice(0, 2000)
}
