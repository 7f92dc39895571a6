import { runCommandLine } from '../cli/index.ts'
import { createCliContext } from './cli-context.ts'

const { context, close } = createCliContext()
process.exitCode = await runCommandLine(process.argv.slice(2), context)
close()
