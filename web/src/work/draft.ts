import type { Submission } from '../api/index.ts'

export type Kind = '' | NonNullable<Submission['task']>['kind']
type Task<K extends Kind> = Extract<NonNullable<Submission['task']>, { readonly kind: K }>
export type Level = NonNullable<Task<'dependency-update'>['level']>

/** What somebody has typed so far. */
export interface Draft {
  readonly title: string
  readonly body: string
  readonly location: string
  readonly revision: string
  readonly testCommand: string
  readonly kind: Kind
  readonly projectId: string
  /** One to a line. */
  readonly paths: string
  /** Where the rule of a codemod stands. */
  readonly ruleFrom: 'text' | 'repository'
  readonly ruleText: string
  readonly ruleName: string
  readonly level: Level
  /** One to a line, or with commas between. */
  readonly packages: string
}

const place = 'atelier.draft'
const empty: Draft = {
  title: '',
  body: '',
  location: '',
  revision: '',
  testCommand: '',
  kind: '',
  projectId: '',
  paths: '',
  ruleFrom: 'text',
  ruleText: '',
  ruleName: '',
  level: 'in-range',
  packages: '',
}

/** What was written before the page was left, so that nothing has to be typed twice. */
export function readDraft(): Draft {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(place) ?? '{}')
    return typeof stored === 'object' ? { ...empty, ...stored } : empty
  } catch {
    return empty
  }
}

export function keepDraft(draft: Draft | undefined): void {
  try {
    if (draft === undefined) sessionStorage.removeItem(place)
    else sessionStorage.setItem(place, JSON.stringify(draft))
  } catch {
    // Storage is forbidden: the draft lives as long as the page.
  }
}

function linesOf(text: string, between: RegExp): string[] {
  return text
    .split(between)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function taskOf({
  kind,
  paths: pathLines,
  ruleFrom,
  ruleText,
  ruleName,
  level,
  packages,
}: Draft): Submission['task'] {
  const paths = linesOf(pathLines, /\n/).map((path) => path.replace(/^\.\//, ''))
  switch (kind) {
    case '':
      return undefined
    case 'repair':
      return { kind }
    case 'lint-fix':
    case 'format':
      return { kind, paths }
    case 'codemod':
      return {
        kind,
        paths,
        rule:
          ruleFrom === 'text'
            ? { from: 'text', text: ruleText }
            : { from: 'repository', name: ruleName.trim().replace(/^\.\//, '') },
      }
    case 'dependency-update':
      return { kind, level, packages: linesOf(packages, /[\n,]/) }
  }
}

/** What is sent of it. */
export function submissionOf(draft: Draft): Submission {
  const { title, body, location, revision, testCommand, projectId } = draft
  const task = taskOf(draft)
  return {
    issue: { title: title.trim(), body },
    repository: {
      location: location.trim(),
      ...(revision.trim() === '' ? {} : { revision: revision.trim() }),
    },
    ...(testCommand.trim() === '' ? {} : { testCommand: testCommand.trim() }),
    ...(task === undefined ? {} : { task }),
    ...(projectId === '' ? {} : { projectId }),
  }
}

/** Whether there is no rule yet, where one is needed. */
export function lacksRule({ kind, ruleFrom, ruleText, ruleName }: Draft): boolean {
  return kind === 'codemod' && (ruleFrom === 'text' ? ruleText : ruleName).trim() === ''
}

export function isComplete(draft: Draft): boolean {
  return draft.title.trim() !== '' && draft.location.trim() !== '' && !lacksRule(draft)
}
