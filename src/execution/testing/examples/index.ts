export { packageEntry } from './package-entry.ts'
export { testOfExample } from './example-test.ts'
export type { ExampleTest, ProjectFile } from './example-test.ts'
