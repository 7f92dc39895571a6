import { cacheCompiledCode } from './compile-cache.ts'

cacheCompiledCode()
const { runCommandLine } = await import('../cli/index.ts')
const { createCliContext } = await import('./cli-context.ts')

const { context, close } = createCliContext()
process.exitCode = await runCommandLine(process.argv.slice(2), context)
close()
