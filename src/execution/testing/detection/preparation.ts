import type { ScriptCommand } from './script-walk.ts'
import { formatCommand } from './script-walk.ts'
import { canonicalProgram } from './unwrap.ts'
import { wordSet } from './word-set.ts'

/** Programs that make files which tests may load. */
const builders = wordSet(`
    tsc rollup webpack babel esbuild swc tsup unbuild tsdown pkgroll microbundle gulp grunt make
    node-gyp wasm-pack parcel browserify coffee peggy pegjs jison ttsc tspc vue-tsc bili ncc lerna
    turbo`)
const buildScript = /^(pre|post)?(build|compile|bundle|generate|transpile|codegen|dist)\b/

/** The commands in front of the tests that build something, as shell text; checks such as linters are left out. */
export function preparationOf(
  commands: readonly ScriptCommand[],
  until: readonly string[],
): readonly string[] {
  return commands
    .filter((command) => !until.includes(formatCommand(command.environment, command.words)))
    .filter((command) => {
      const program = canonicalProgram(command.words[0]?.text ?? '')
      const texts = command.words.map((word) => word.text)
      if (texts.includes('--noEmit') || texts.includes('--watch')) return false
      return builders.has(program) || command.trail.some((name) => buildScript.test(name))
    })
    .map((command) => formatCommand(command.environment, command.words))
}
