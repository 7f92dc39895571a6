/** Grammars by the extension of the files they are for. */
const grammars: Readonly<Record<string, string>> = {
  js: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  tsx: 'tsx',
  py: 'python',
  pyi: 'python',
  go: 'go',
  rs: 'rust',
  java: 'java',
  rb: 'ruby',
  php: 'php',
  cs: 'c-sharp',
  css: 'css',
  sh: 'bash',
  bash: 'bash',
}

/** The grammar of a file, which `parserOf` takes; undefined where there is none for its extension. */
export function grammarOf(path: string): string | undefined {
  return grammars[/\.([a-z]+)$/.exec(path.toLowerCase())?.[1] ?? '']
}
