import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Source } from './page.ts'

/** Files beside `docs/` that it leads to. */
const besides: Readonly<Record<string, string>> = {
  'CHANGELOG.md': 'changelog',
  'CONTRIBUTING.md': 'contributing',
  'SECURITY.md': 'security',
  LICENSE: 'license',
  'models/routing.yaml': 'files/routing.yaml',
}

/** The Markdown files of the package, from the folder in which it is installed. */
export async function readSources(packageRoot: string): Promise<Source[]> {
  const docs = await readdir(path.join(packageRoot, 'docs'), { recursive: true })
  const files = docs.filter((name) => name.endsWith('.md')).map((name) => path.posix.join('docs', name))
  const sources = files.sort().map((file) => ({ file, path: pathOf(file) }))
  const others = Object.entries(besides).map(([file, address]) => ({ file, path: address }))
  return [...sources, ...others.filter(({ file }) => existsSync(path.join(packageRoot, file)))].map(
    (source) => ({
      ...source,
      read: async () => {
        const text = await readFile(path.join(packageRoot, source.file), 'utf8')
        return source.file.endsWith('.md') ? text : asCode(source.file, text)
      },
    }),
  )
}

/** A file that is no Markdown, as a page. */
function asCode(file: string, text: string): string {
  const language = file.endsWith('.yaml') ? 'yaml' : ''
  return `# ${file === 'LICENSE' ? 'Licence' : file}\n\n\`\`\`${language}\n${text}\n\`\`\`\n`
}

/** `docs/adr/README.md` is at `adr`, `docs/start.md` at `start`. */
function pathOf(file: string): string {
  return file
    .replace(/^docs\//, '')
    .replace(/(?:^|\/)README\.md$/, '')
    .replace(/\.md$/, '')
}

/**
 * The address on the site of a link in a text, or undefined where the site does not have what it leads to. Links out of the
 * site stay as they are.
 */
export function resolveLink(link: string, from: Source, sources: readonly Source[]): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/i.test(link)) return link
  const [target = '', anchor] = link.split('#', 2)
  const file = path.posix.normalize(path.posix.join(path.posix.dirname(from.file), target)).replace(/\/$/, '')
  const hash = anchor === undefined ? '' : `#${anchor}`
  if (/^docs\/pictures\/[\w-]+\.png$/.test(file)) return `/${file}`
  const known = sources.find((source) => [file, `${file}/README.md`].includes(source.file))
  if (known !== undefined) return `${addressOf(known)}${hash}`
  // The first page of the package is the first page of the site.
  return file === 'README.md' ? '/docs/' : undefined
}

export function addressOf({ path: address }: Pick<Source, 'path'>): string {
  return `/docs/${address}`
}
