import { z } from 'zod'
import { testFrameworkSchema } from '../../contracts/index.ts'

const packageManagerSchema = z.enum(['npm', 'yarn', 'pnpm', 'pip', 'none'])
export type PackageManager = z.infer<typeof packageManagerSchema>

const wordSchema = z.object({
  /** As the script has it, quotes included. */
  raw: z.string(),
  /** What a shell makes of it, globs and variables apart. */
  text: z.string(),
})

/** How the project itself calls its runner, taken apart. */
const invocationSchema = z.object({
  environment: z.record(z.string(), z.string()),
  /** Words in front of the runner that belong to its surroundings, such as `dotenv -e .env.test --`. */
  prefix: z.array(wordSchema),
  /** Options of `node` itself, such as `--require ./setup.js`. */
  nodeOptions: z.array(wordSchema),
  /** Canonical name: `mocha`, `node`, `pytest` … */
  program: z.string(),
  arguments: z.array(wordSchema),
})
export type Invocation = z.infer<typeof invocationSchema>

/** What runs a repository's tests, and why the studio thinks so. Plain data, so that it can be recorded. */
export const testSuiteSchema = z.object({
  framework: testFrameworkSchema,
  packageManager: packageManagerSchema,
  /** Folder of the package relative to the repository's root; empty for the root. */
  directory: z.string(),
  /** For people: the command as the project has it. */
  command: z.string(),
  invocation: invocationSchema,
  /** Shell commands that build what the tests need. */
  preparation: z.array(z.string()),
  /** Sentences that say what was decided and why. */
  explanation: z.array(z.string()),
  /** Other suites that were seen and not chosen. */
  alternatives: z.array(
    z.object({ framework: testFrameworkSchema, command: z.string(), reason: z.string() }),
  ),
})
export type TestSuite = z.infer<typeof testSuiteSchema>
