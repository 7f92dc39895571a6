export { normaliseIntent } from './intent.ts'
export { readIssue } from './issue-source.ts'
export { intakeErrors } from './errors.ts'
export { readTask } from './task.ts'
