export { python } from './survey.ts'
