import { describe, expect, it } from 'vitest'
import { type Draft, isComplete, readDraft, submissionOf } from './draft.ts'

const typed = (changes: Partial<Draft>): Draft => ({
  ...readDraft(),
  ...{ title: ' Tidy up ', location: '/srv/shop.git' },
  ...changes,
})

describe('work as it is typed', () => {
  it('is sent without what was left empty', () => {
    expect(submissionOf(typed({}))).toEqual({
      issue: { title: 'Tidy up', body: '' },
      repository: { location: '/srv/shop.git' },
    })
  })

  it('needs a rule where one is to be applied, of its own or of the repository', () => {
    expect(isComplete(typed({ kind: 'codemod' }))).toBe(false)
    const own = typed({
      kind: 'codemod',
      ruleFrom: 'repository',
      ruleName: './rules/zero.yml',
      paths: './src\n',
    })
    expect(isComplete(own)).toBe(true)
    expect(submissionOf(own).task).toEqual({
      kind: 'codemod',
      paths: ['src'],
      rule: { from: 'repository', name: 'rules/zero.yml' },
    })
  })

  it('says how far an update goes, and of which packages', () => {
    const task = submissionOf(
      typed({ kind: 'dependency-update', level: 'minor', packages: 'zod, pg\n' }),
    ).task
    expect(task).toEqual({ kind: 'dependency-update', level: 'minor', packages: ['zod', 'pg'] })
  })
})
