import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { program } from './command-line.ts'

const root = join(import.meta.dirname, '..', '..')
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

function scriptsOf(workspace: string): Record<string, string> {
  const manifest: unknown = JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8'))
  return z.object({ scripts: z.record(z.string(), z.string()) }).parse(manifest).scripts
}

/** Folders of the project whose mention in a text is a promise that the thing is there. */
const promised =
  /(?<![\w/.-])(?:src|test|docs|workflows|agents|policies|examples|bench|deploy|bin|\.ci)\/[\w./-]*[\w/]/g

describe.each(pages)('$path', ({ path, text }) => {
  it('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1]!)
    expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([])
  })

  it('names only paths that exist', () => {
    const paths = withoutLinks(text).match(promised) ?? []
    expect(paths.filter((named) => !existsSync(join(root, named)))).toEqual([])
  })

  // docs/errors.md speaks of the scripts of other people's projects.
  it.skipIf(path === 'docs/errors.md')('names only npm scripts that exist', () => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)(?: -w (\w+))?/g)].map(
      ([, name = '', workspace = '.']) => ({ name, workspace }),
    )
    if (/\bnpm test\b/.test(text)) named.push({ name: 'test', workspace: '.' })
    expect(named.filter(({ name, workspace }) => !(name in scriptsOf(workspace)))).toEqual([])
  })

  it('names only commands and options of atelier that exist', () => {
    const unknown = codeOf(text).flatMap((code) => unknownCommands(code))
    expect(unknown).toEqual([])
  })
})

function withoutLinks(text: string): string {
  return text.replaceAll(/https?:\/\/\S+/g, '')
}

/** What stands between back ticks, and the lines of fenced blocks. */
function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/```\w*\n([^]*?)```/g)].flatMap((match) => match[1]!.split('\n'))
  const inline = [...text.replaceAll(/```[^]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!)
  return [...fenced, ...inline].map((line) => line.replace(/\s#.*$/, '').trim())
}

function unknownCommands(code: string): string[] {
  const words = /^(?:\$ )?(?:npx |bin\/|npm run )?atelier\s+(.*)$/.exec(code)?.[1]?.split(/\s+/)
  if (words === undefined) return []
  let command = program
  for (const word of words) {
    if (word.startsWith('-') || word.startsWith('<')) break
    const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word))
    if (next === undefined) {
      if (command === program) return [code]
      break
    }
    command = next
  }
  const known = new Set(
    [program, command].flatMap(({ options }) => options.flatMap(({ short, long }) => [short, long])),
  )
  const options = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0])
  return options.every((option) => known.has(option) || option === '--help') ? [] : [code]
}
