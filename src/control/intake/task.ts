import type { WorkItem } from '../../contracts/index.ts'
import { displayText } from '../../kernel/index.ts'

const politely = String.raw`(?:please\s+)?(?:(?:chore|style|lint|format)(?:\([\w-]+\))?:\s*)?`
const somewhere = String.raw`(?:\s+(?:everywhere|in (?:the )?(?:code(?:base)?|repo(?:sitory)?|project)|of (?:the )?(?:code(?:base)?|project)))?`

const lintTitle = new RegExp(
  `^${politely}(?:fix|resolve|clean up|address)(?:\\s+all)?(?:\\s+the)?\\s+(?:lint(?:er|ing)?|eslint|biome|ruff)` +
    `\\s+(?:errors?|warnings?|problems?|issues?|violations?|complaints?|findings?)${somewhere}$`,
  'i',
)
const formatTitle = new RegExp(
  `^${politely}(?:format|re-?format|(?:run|apply)(?:\\s+the)?\\s+(?:formatter|prettier|biome format|black|ruff format)(?:\\s+(?:on|to))?)` +
    `(?:\\s+all)?(?:\\s+the)?(?:\\s+(?:code(?:base)?|files|sources?|repo(?:sitory)?|project))?$`,
  'i',
)

/**
 * The kind of work that a title asks for when nobody else has said it. Only a title that asks for nothing but lint fixes
 * or formatting is read so, since these change no behaviour; everything else is a repair. Text from outside never starts
 * a codemod or a new version of a dependency.
 */
export function readTask(title: string): Pick<WorkItem, 'task' | 'taskReason'> {
  const text = displayText(title)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.!]+$/, '')
    .slice(0, 200)
  const taskReason = `read from the title: ${text}`
  if (lintTitle.test(text)) return { task: { kind: 'lint-fix', paths: [] }, taskReason }
  if (formatTitle.test(text)) return { task: { kind: 'format', paths: [] }, taskReason }
  return { task: { kind: 'repair' } }
}
