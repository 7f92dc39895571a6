import { matchesGlob, posix } from 'node:path'
import type { ShellWord } from '../detection/shell-words.ts'
import { isShellGlob } from '../detection/shell-words.ts'

/** Files that are never tests, whatever a folder's name says. */
const neverTests = /(^|\/)(node_modules|fixtures?|__fixtures__|tap-snapshots|__snapshots__|\.[^/]+)\//

/**
 * The files that an argument of a runner stands for: a file, everything with one of the endings below a folder, or a
 * pattern. A pattern that a shell expands knows no `**`.
 */
function matchFiles(word: ShellWord, files: readonly string[], extensions: RegExp): readonly string[] {
  const path = posix.normalize(word.text).replace(/\/$/, '')
  if (/[*?[{]/.test(path)) {
    const plain = isShellGlob(word) ? path.replaceAll(/\*\*+/g, '*') : path
    const expanded = files.filter((file) => matchesGlob(file, plain))
    return expanded.length > 0 || plain === path ? expanded : files.filter((file) => matchesGlob(file, path))
  }
  if (files.includes(path)) return [path]
  const module = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'].map((ending) => path + ending)
  const found = files.filter((file) => module.includes(file))
  if (found.length > 0) return found
  const inside = path === '.' ? '' : `${path}/`
  return files.filter((file) => file.startsWith(inside) && extensions.test(file) && !neverTests.test(file))
}

/** All files that the arguments stand for, each once, in order. */
export function matchAllFiles(
  words: readonly ShellWord[],
  files: readonly string[],
  extensions: RegExp,
): readonly string[] {
  return [...new Set(words.flatMap((word) => matchFiles(word, files, extensions)))]
}

/** Files in which tests are looked for when nobody names any. */
export function defaultTestFiles(files: readonly string[], pattern: RegExp): readonly string[] {
  return files.filter((file) => pattern.test(file) && !neverTests.test(file))
}
