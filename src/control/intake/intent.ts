import type { Intent, WorkItem } from '../../contracts/index.ts'
import { displayText } from '../../kernel/index.ts'
import { findCommands } from './commands.ts'
import { intakeErrors } from './errors.ts'
import { splitMarkdown, type ProseLine } from './markdown.ts'
import { codeSpansOf, findFiles, findSymbols, findTests } from './mentions.ts'
import { findStackFrames } from './stack-frames.ts'

/** Longer lines are data, not words; what follows is not looked at. */
const maxLine = 4_000
const maxLines = 50_000
const maxSnippets = 50
const maxSnippet = 20_000
const maxCriteria = 50

/**
 * Reads what a work item asks for out of its text: Markdown, plain text, or a pasted log. The same item always gives
 * the same intent, and the time is linear in its length. Nothing found here is more than a hint from outside: it
 * steers where the studio looks, never what it is allowed to do.
 */
export function normaliseIntent(item: Pick<WorkItem, 'title' | 'body'>): Intent {
  const title = oneLine(displayText(item.title))
  const { prose, blocks } = splitMarkdown(displayText(item.body).split('\n', maxLines))
  const proseLines = [title, ...prose.map((line) => line.text)].map(cut)
  const codeLines = blocks
    .flatMap((block) => block.code.split('\n'))
    .slice(0, maxLines)
    .map(cut)
  const goal = title === '' ? firstSentence(prose) : title
  if (goal === '' && codeLines.every((line) => line.trim() === '')) throw intakeErrors.EMPTY()
  const lines = [...proseLines, ...codeLines]
  const codeSpans = proseLines.flatMap(codeSpansOf)
  const stackFrames = [...findStackFrames(lines)]
  const files = findFiles(lines.filter((line) => !/^\s*at /.test(line)))
  return {
    kind: isBug(proseLines, stackFrames.length) ? 'bug' : 'other',
    goal: goal === '' ? oneLine(codeLines.find((line) => line.trim() !== '') ?? '') : goal,
    acceptanceCriteria: findCriteria(prose),
    files,
    symbols: findSymbols(proseLines, codeSpans),
    tests: findTests(lines, files),
    stackFrames,
    snippets: blocks
      .slice(0, maxSnippets)
      .map(({ language, code }) => ({ language, code: code.slice(0, maxSnippet) })),
    commands: findCommands(blocks, codeSpans),
  }
}

const bugWords =
  /\b(?:bugs?|errors?|exceptions?|fail(?:s|ed|ing|ure)?|crash(?:es|ed|ing)?|broken|breaks?|wrong(?:ly)?|incorrect(?:ly)?|unexpected(?:ly)?|regression|throws?|does(?:n't| not) work|fix(?:es|ed)?|hangs?|leaks?|traceback|actual(?:ly)?|instead of|should(?:n't| not) have|NaN|undefined is not|expected .{1,80} (?:but|got|received))\b/i

function isBug(lines: readonly string[], frames: number): boolean {
  return frames > 0 || lines.some((line) => bugWords.test(line))
}

const criteriaHeadings =
  /^(?:acceptance criteria|expected(?: (?:behaviou?r|result|output|outcome))?|what (?:did you expect|should happen).*|definition of done|requirements?|done when|success criteria)\b/

/** Task lists anywhere, lists and sentences under a heading that announces them, and `Expected: …` lines. */
function findCriteria(prose: readonly ProseLine[]): string[] {
  const criteria = new Set<string>()
  for (const { text, headings } of prose) {
    const line = text.trim().slice(0, 1000)
    const task = /^[-*+] \[[ xX]\] (.+)$/.exec(line)?.[1]
    const expected = /^(?:\*\*)?expected(?: (?:behaviou?r|result|output))?(?:\*\*)?:(?:\*\*)? +(\S.*)$/i.exec(
      line,
    )?.[1]
    const isListed = headings.some((heading) => criteriaHeadings.test(heading))
    const isText =
      line !== '' &&
      !/^#|^(?:\*\*|__).{1,80}(?:\*\*|__):?$|^<!--/.test(line) &&
      !/^[A-Z][\w' -]{2,40}:$/.test(line)
    const criterion =
      task ?? expected ?? (isListed && isText ? line.replace(/^(?:[-*+]|\d{1,3}[.)]) +/, '') : undefined)
    if (criterion !== undefined && criteria.size < maxCriteria) criteria.add(criterion.trim())
  }
  return [...criteria]
}

function firstSentence(prose: readonly ProseLine[]): string {
  const line = prose
    .map(({ text }) => text.replace(/^#{1,6}\s+/, '').trim())
    .find((text) => /[\p{L}\p{N}]/u.test(text.slice(0, 500)))
  return oneLine((line ?? '').slice(0, 500))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function cut(line: string): string {
  return line.slice(0, maxLine)
}
