import { Choice, TextArea, TextField } from '../ui/index.ts'
import type { Draft, Kind, Level } from './draft.ts'

export const kinds: readonly (readonly [Kind, string])[] = [
  ['', 'As the text asks for'],
  ['repair', 'Repair a fault'],
  ['lint-fix', 'Fix what lint finds'],
  ['format', 'Format'],
  ['codemod', 'Rewrite by a rule'],
  ['dependency-update', 'Update dependencies'],
]

/** How far an update goes, and what that means. */
export const levels: Readonly<Record<Level, readonly [name: string, meaning: string]>> = {
  'in-range': [
    'What the manifest allows',
    'The ranges stay as they are, and the lock file takes their newest.',
  ],
  patch: ['Newer patches', 'Only corrections: 1.4.2 may become 1.4.9, and no further.'],
  minor: ['Newer minor versions', 'As far as ^ goes: 1.4.2 may become 1.9.0, and never 2.0.0.'],
}

const ruleExample = `id: no-loose-zero
language: JavaScript
rule:
  pattern: $A == 0
fix: $A === 0`

interface TaskFieldsProps {
  readonly draft: Draft
  readonly set: (changes: Partial<Draft>) => void
  /** What is wrong with the rule, once that is to be said. */
  readonly ruleProblem: string | undefined
}

/** The particulars of the kind of work that was chosen. */
export function TaskFields(props: TaskFieldsProps) {
  switch (props.draft.kind) {
    case 'codemod':
      return (
        <>
          <RuleFields {...props} />
          <Paths {...props} />
        </>
      )
    case 'lint-fix':
    case 'format':
      return <Paths {...props} />
    case 'dependency-update':
      return <UpdateFields {...props} />
    default:
      return null
  }
}

function Paths({ draft, set }: TaskFieldsProps) {
  return (
    <TextArea
      label="Only in"
      placeholder="src/calendar"
      hint="Files or folders of the repository, one to a line. Empty: everywhere."
      rows={2}
      value={draft.paths}
      onChange={(event) => set({ paths: event.target.value })}
    />
  )
}

function RuleFields({ draft, set, ruleProblem }: TaskFieldsProps) {
  return (
    <>
      <Choice
        label="The rule is"
        value={draft.ruleFrom}
        choices={[
          ['text', 'written here'],
          ['repository', 'in the repository'],
        ]}
        onChange={(value) => set({ ruleFrom: value === 'text' ? 'text' : 'repository' })}
      />
      {draft.ruleFrom === 'text' ? (
        <TextArea
          label="Rule"
          placeholder={ruleExample}
          hint="A rule of ast-grep in YAML: what to find (rule), and what to put in its place (fix). It is applied wherever it matches, and recorded with the run."
          problem={ruleProblem}
          rows={8}
          maxLength={65_536}
          spellCheck={false}
          data-code
          value={draft.ruleText}
          onChange={(event) => set({ ruleText: event.target.value })}
        />
      ) : (
        <TextField
          label="Rule"
          placeholder="rules/no-loose-zero.yml"
          hint="The path of a rule file, or the id of a rule that sgconfig.yml knows."
          problem={ruleProblem}
          maxLength={1024}
          value={draft.ruleName}
          onChange={(event) => set({ ruleName: event.target.value })}
        />
      )}
    </>
  )
}

function UpdateFields({ draft, set }: TaskFieldsProps) {
  return (
    <>
      <Choice
        label="How far"
        hint={levels[draft.level][1]}
        value={draft.level}
        choices={(['in-range', 'patch', 'minor'] as const).map((level) => [level, levels[level][0]])}
        onChange={(value) => set({ level: value === 'patch' || value === 'minor' ? value : 'in-range' })}
      />
      <TextField
        label="Only these packages"
        placeholder="All direct dependencies"
        hint="Direct dependencies, with commas between."
        value={draft.packages}
        onChange={(event) => set({ packages: event.target.value })}
      />
    </>
  )
}
