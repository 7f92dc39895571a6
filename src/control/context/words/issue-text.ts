/**
 * How much a part of an issue says about the code: people name what they mean in the title and in words marked as code;
 * what they paste is mostly theirs, not the project's; forms ask the same of everybody.
 */
export type Zone = 'prose' | 'marked' | 'pasted' | 'failure' | 'environment'

/** A piece of an issue. */
interface ZonedText {
  readonly zone: Zone
  readonly text: string
}

/** An issue by its parts, and the paths that it names. */
export interface IssueText {
  readonly parts: readonly ZonedText[]
  /** As written, the first first: in the text, and in stack traces. */
  readonly named: readonly string[]
  readonly framed: readonly string[]
}

/** Characters that are read; what people paste has no end. */
const longestText = 60_000
const mostPaths = 50

const fence = /^\s{0,12}(?:>\s*)?(```+|~~~+)/
/** A heading, or a line of bold type or with a colon at its end that serves as one. */
const headingLine = /^\s*(?:#{1,6}\s+(.{1,100})|\*\*(.{1,80}?)\*\*:?|(?!\s)([\w ]{3,60}):)\s*$/
/** Questions of the forms of issue trackers; they say nothing, what follows them may. */
const formQuestion =
  /^\W*(?:describe|description|steps|to reproduce|how to reproduce|reproduc|minimal|expected|actual|current|observed|what|which|why|is your|did you|additional|context|bug report|feature|summary|details|logs?|output|error message|traceback|stack ?trace|screenshots?|possible|suggest|proposal|proposed|motivation|rationale|alternatives?|example|code|issue|problem|solution)\b/i
/** Answers to these say what the reporter's machine is like. */
const environmentQuestion =
  /\b(?:environment|versions?|platform|system info|operating system|package manager|validations?|checklist|acknowledg\w+|your setup|browsers?|reproduction link|link to|compiler)\b|^\W*os\b/i
const checkbox = /^\s*[-*+]\s+\[[ xX]\]/
const failureLine =
  /\b(?:\w*(?:Error|Exception|Warning)\b.{0,40}:|panick?ed at|panic:|assert\w*\b.{0,40}failed|fatal:|Traceback|Caused by|error(?:\[\w+\])?:)/
/** Lines of stack traces and of compilers, which name a file and a line in it. */
const frameLine =
  /^\s*(?:at\s.{0,300}?[(\s]?(?<script>[^\s()]{1,300}\.\w{1,5}):\d+(?::\d+)?\)?|File "(?<python>[^"\n]{1,300})", line \d+|-->\s*(?<rust>\S{1,300}\.rs):\d+|(?:[\w.]+\(.{0,200}\)\s+)?(?<plain>(?:\/|[A-Za-z]:\\|\.{0,2}\/)?[\w@.+\\/-]{1,300}\.(?:go|rs|py|c|cc|cpp|h|hpp|rb|php|cs|ts|tsx|js|mjs|cjs|java)):\d+)/

/** Splits the text of an issue by what its parts are. Takes Markdown as it comes: broken, cut off, or none at all. */
export function readIssueText(text: string): IssueText {
  const parts: ZonedText[] = []
  const framed: string[] = []
  const links: string[] = []
  let open: string | undefined
  let section: Zone = 'prose'
  for (const line of withoutComments(text.slice(0, longestText)).split('\n')) {
    const mark = fence.exec(line)?.[1]?.slice(0, 3)
    if (mark !== undefined) {
      open = open === undefined ? mark : open === mark ? undefined : open
      continue
    }
    const frame = frameOf(line)
    if (frame !== undefined) {
      framed.push(frame)
      parts.push({ zone: 'failure', text: withoutPaths(line) })
    } else if (open !== undefined || /^(?: {4}|\t)/.test(line))
      parts.push({ zone: failureLine.test(line) ? 'failure' : 'pasted', text: line })
    else {
      const question = headingText(line)
      if (question !== undefined) section = environmentQuestion.test(question) ? 'environment' : 'prose'
      if (checkbox.test(line) || (question !== undefined && formQuestion.test(question))) continue
      parts.push(...spokenParts(line, question === undefined ? section : 'prose', links))
    }
  }
  return { parts, named: pathsOf(text, links), framed: [...new Set(framed)].slice(0, mostPaths) }
}

function headingText(line: string): string | undefined {
  const [, heading, bold, colon] = headingLine.exec(line) ?? []
  return heading ?? bold ?? colon
}

/** A line of prose: words marked as code, links without their targets, and the rest. */
function spokenParts(line: string, zone: Zone, links: string[]): readonly ZonedText[] {
  const text = line
    .replaceAll(/\bhttps?:\/\/[^\s)>\]]{1,500}/g, (link) => {
      links.push(link)
      return ' '
    })
    .replaceAll(/<\/?[A-Za-z][^<>]{0,200}>/g, ' ')
  const marked = [...text.matchAll(/`+([^`\n]{1,300})`+/g)].map(([, code]) => code ?? '')
  const spoken = { zone, text: text.replaceAll(/`+[^`\n]{1,300}`+/g, ' ') }
  if (marked.length === 0) return [spoken]
  return [spoken, { zone: zone === 'prose' ? ('marked' as const) : zone, text: marked.join('\n') }]
}

/** Removes what the form says to whoever fills it in. */
function withoutComments(text: string): string {
  const kept: string[] = []
  let at = 0
  while (at < text.length) {
    const begin = text.indexOf('<!--', at)
    if (begin === -1) break
    const end = text.indexOf('-->', begin)
    kept.push(text.slice(at, begin))
    at = end === -1 ? text.length : end + '-->'.length
  }
  return [...kept, text.slice(at)].join('')
}

function frameOf(line: string): string | undefined {
  if (line.length > 1_000) return undefined
  const { script, python, rust, plain } = frameLine.exec(line)?.groups ?? {}
  return (script ?? python ?? rust ?? plain)?.replaceAll('\\', '/').replace(/^(?:file:\/\/|webpack:\/\/)/, '')
}

/** The folders of somebody's machine are not the project's. */
function withoutPaths(line: string): string {
  return line.replaceAll(/[\w@.+:\\/-]*[\\/][\w@.+\\/-]*/g, ' ')
}

/** Paths of files in the text, and in links to a forge's view of them. */
function pathsOf(text: string, links: readonly string[]): readonly string[] {
  const linked = links.flatMap((link) => /\/(?:blob|tree|blame)\/[^/]+\/([^\s#?]+)/.exec(link)?.[1] ?? [])
  const spoken = text
    .slice(0, longestText)
    .replaceAll(/\bhttps?:\/\/\S{1,500}/g, ' ')
    .match(/(?<![\w./-])[\w@-][\w@./-]{0,200}\.[A-Za-z]{1,6}(?![\w/])/g)
  return [...new Set([...linked, ...(spoken ?? [])])].slice(0, mostPaths)
}
