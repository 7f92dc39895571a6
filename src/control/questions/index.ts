export { answeredRuns, giveAnswer, readAnswer } from './answers.ts'
export { questionErrors } from './errors.ts'
export { askTool, openQuestionSchema } from './question.ts'
export type { OpenQuestion } from './question.ts'
