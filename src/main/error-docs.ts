import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'oxfmt'
import { errorCatalogue } from '../kernel/index.ts'

const root = join(import.meta.dirname, '..', '..')
const page = join(root, 'docs', 'errors.md')

/** The page that lists every error code, made from all files called `errors.ts`. */
export async function renderErrorDocs(): Promise<string> {
  const declarations = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|\/)errors\.ts$/.test(path) && !path.startsWith('kernel/'))
    .map((path) => pathToFileURL(join(root, 'src', path)).href)
  for (const declaration of declarations.sort()) await import(declaration)
  const areas = Map.groupBy(errorCatalogue(), ({ code }) => code.split('_')[1] ?? '')
  const sections = [...areas].map(([area, errors]) => {
    const rows = errors.map(
      ({ code, summary, remedy, retryable }) =>
        `| \`${code}\` | ${cell(summary)} | ${cell(remedy)} | ${retryable === true ? 'yes' : ''} |`,
    )
    return [
      `## ${area}`,
      '',
      '| code | what went wrong | what to do | tried again by itself |',
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n')
  })
  const text = [introduction, ...sections].join('\n\n')
  const { code } = await format('errors.md', text, { printWidth: 110 })
  return code
}

const introduction = `# Errors

Every expected failure has a code. It stands in the message, in \`--json\` output and in the log, and it does not change
between versions. Errors that are tried again by themselves need nothing of you unless they go on.

This page is made by \`npm run docs:errors\`.`

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

if (import.meta.main) {
  const text = await renderErrorDocs()
  if (text !== readFileSync(page, { encoding: 'utf8', flag: 'a+' })) writeFileSync(page, text)
}
