import path from 'node:path'
import { cacheCompiledCode } from './compile-cache.ts'
import { readConfiguration } from './configuration.ts'

cacheCompiledCode()
const { runCommandLine } = await import('../cli/index.ts')
const { createCliContext } = await import('./cli-context.ts')
const { prepareSample } = await import('./sample.ts')

const { context, close } = createCliContext()
const { packageRoot, dataDirectory } = readConfiguration()
const interactive = context.terminal.stdin.isTTY === true && context.terminal.stdout.isTTY === true
context.terminal.stderr.write('Atelier: a bug report goes in, a verified and approved change comes out.\n')
if (!interactive) {
  context.terminal.stderr.write('No terminal to ask on: the demo will approve as the owner.\n')
}
const { location: remote } = await prepareSample(packageRoot, dataDirectory)
process.exitCode = await runCommandLine(
  [
    'solve',
    // Here, whatever studio commands go to otherwise.
    ...['--data-directory', dataDirectory],
    ...['--repo', remote],
    ...['--issue', path.join(packageRoot, 'examples/appointments/ISSUE.md')],
    ...['--reporter', 'front-desk'],
    ...(interactive ? [] : ['--approve']),
  ],
  context,
)
if (process.exitCode === 0) {
  context.terminal.stderr.write(`\nSee the branch:  git --git-dir ${remote} log --all --oneline\n`)
}
close()
