import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A repository to be indexed, and pushes to it. */
export interface Subject {
  readonly name: string
  /** A bare repository that nobody else uses. */
  readonly directory: string
  readonly base: string
  /** Commits one after the other from `base` on, each of which changes {@link filesOfPush} files. */
  readonly pushes: readonly string[]
}

export const filesOfPush = 20
const identity = 'Bench <bench@example.org>'
const begin = 1_700_000_000

function git(directory: string, parameters: readonly string[], input?: string | Buffer): string {
  return execFileSync('git', ['--git-dir', directory, ...parameters], {
    ...(input === undefined ? {} : { input }),
    maxBuffer: 2 ** 30,
    stdio: ['pipe', 'pipe', 'pipe'],
  }).toString()
}

/** A copy of a mirror, which itself is only read. */
export function copyOfMirror(name: string, mirror: string, directory: string): Omit<Subject, 'pushes'> {
  execFileSync('git', ['clone', '--quiet', '--bare', '--local', mirror, directory], { stdio: 'pipe' })
  return { name, directory, base: git(directory, ['rev-parse', 'HEAD']).trim() }
}

/** Adds commits that each change some of the files, by a function at the end. */
export function addPushes(subject: Omit<Subject, 'pushes'>, count: number): Subject {
  const { directory, base } = subject
  const paths = git(directory, ['ls-tree', '-r', '-z', '--name-only', base])
    .split('\0')
    .filter((path) => /\.(?:[cm]?[jt]s|java|py|go|rs|rb|php|c|cc|cpp|h|cs)$/.test(path))
  const changed = Array.from({ length: count }, (_push, push) => [
    ...new Set(
      Array.from({ length: filesOfPush }, (_file, n) => paths[(push * 37 + n * 211) % paths.length] ?? ''),
    ),
  ])
  const contents = readFiles(directory, base, [...new Set(changed.flat())])
  const stream = changed.flatMap((files, push) => [
    commit('refs/heads/pushes', `Look at files, push ${push}`, begin + push, push === 0 ? base : undefined),
    ...files.map(
      (path) =>
        `M 100644 inline ${path}\n${data(`${contents.get(path) ?? ''}\n// Push ${push} looks at this file.\n`)}`,
    ),
  ])
  git(directory, ['fast-import', '--quiet'], stream.join(''))
  const pushes = git(directory, ['rev-list', '--reverse', `${base}..refs/heads/pushes`])
    .trim()
    .split('\n')
  return { ...subject, pushes }
}

function readFiles(
  directory: string,
  commitId: string,
  paths: readonly string[],
): ReadonlyMap<string, string> {
  const questions = paths.map((path) => `${commitId}:${path}\n`).join('')
  const answers = execFileSync('git', ['--git-dir', directory, 'cat-file', '--batch'], {
    input: questions,
    maxBuffer: 2 ** 30,
  })
  const contents = new Map<string, string>()
  let at = 0
  for (const path of paths) {
    const end = answers.indexOf('\n', at)
    const size = Number(answers.toString('latin1', at, end).split(' ').at(-1))
    contents.set(path, answers.toString('utf8', end + 1, end + 1 + size))
    at = end + 1 + size + 1
  }
  return contents
}

const sourceName = /\.(?:[cm]?[jt]s)$/
const pastCommits = 2_000

/**
 * A repository of about so many lines of real code: the installed packages. Its history is made up: each commit touches
 * neighbouring files, and its message takes up what they say of themselves.
 */
export function packagesAsRepository(directory: string, lines: number): Omit<Subject, 'pushes'> {
  const files = collectSources(join(import.meta.dirname, '../../node_modules'), lines)
  mkdirSync(directory)
  git(directory, ['init', '--quiet', '--bare', '--initial-branch=main'])
  const parts = [
    ...files.map(({ content }, index) => `blob\nmark :${index + 1}\n${data(content)}`),
    commit('refs/heads/main', 'Add the packages', begin - pastCommits * 3_600),
    ...files.map(({ path }, index) => `M 100644 :${index + 1} ${path}\n`),
  ]
  for (let past = 0; past < pastCommits; past += 1) {
    const first = (past * 613) % files.length
    const touched = [...files.keys()].slice(first, first + 1 + (past % 4))
    const message = messageFor(files[first]?.content ?? '', past)
    parts.push(commit('refs/heads/main', message, begin - (pastCommits - past) * 3_600))
    for (const index of touched) {
      const { path = '', content = '' } = files[index] ?? {}
      // The first half of the commits writes something into the files, the second takes it away.
      const now = past % 2 === 0 ? `${content}\n// Seen by ${past}.\n` : content
      parts.push(`M 100644 inline ${path}\n${data(now)}`)
    }
  }
  git(directory, ['fast-import', '--quiet'], parts.join(''))
  return { name: 'installed packages', directory, base: git(directory, ['rev-parse', 'main']).trim() }
}

interface Source {
  readonly path: string
  readonly content: string
}

function collectSources(root: string, lines: number): readonly Source[] {
  const found: Source[] = []
  let left = lines
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (left <= 0) return
      const path = join(folder, entry.name)
      if (entry.isDirectory() && !entry.name.startsWith('.')) visit(path)
      else if (entry.isFile() && sourceName.test(entry.name) && statSync(path).size <= 200_000) {
        const content = readFileSync(path, 'utf8')
        // What a program wrote in long lines is not what people work on.
        if (content.length / (content.split('\n').length + 1) > 100) continue
        left -= content.split('\n').length
        // Git's names may not have some characters that packages use in theirs.
        found.push({ path: `packages/${relative(root, path).replaceAll(/[^\w./-]/g, '_')}`, content })
      }
    }
  }
  visit(root)
  return found
}

/** Words of a comment and a name of the file: what somebody who repairs it might write. */
function messageFor(content: string, past: number): string {
  const comments = content.match(/^\s*(?:\*|\/\/)\s*([A-Z][^*/\n]{20,120})$/gm) ?? []
  const names = content.match(/\b(?:function|class|interface|const)\s+\w{4,}/g) ?? []
  const comment =
    comments[past % Math.max(1, comments.length)]?.replace(/^[\s*/]+/, '') ?? 'Handle the empty case'
  const name = names[past % Math.max(1, names.length)]?.split(/\s+/).at(-1) ?? 'this'
  return `Fix ${name}: ${comment} (#${past + 1})`
}

function data(content: string): string {
  return `data ${Buffer.byteLength(content)}\n${content}\n`
}

function commit(branch: string, message: string, seconds: number, from?: string): string {
  const when = `committer ${identity} ${seconds} +0000\n`
  return `commit ${branch}\n${when}${data(message)}${from === undefined ? '' : `from ${from}\n`}`
}
