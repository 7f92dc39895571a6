import type { CodeBlock } from './markdown.ts'

const maxCommands = 50
const programs =
  /^(?:npm|npx|yarn|pnpm|bun|deno|node|python3?|pytest|tox|nox|pip3?|poetry|uv|make|cmake|cargo|go|mvn|gradle|\.\/gradlew|\.\/mvnw|dotnet|bundle|rake|rspec|composer|phpunit|jest|vitest|mocha|ava|tap|tsc|eslint|docker|curl|git)(?:\s|$)/

/**
 * Commands that an issue shows: lines after a `$` prompt, lines of shell blocks, and code spans that start with a
 * well-known program. They are data for the plan and are never run because an issue says so.
 */
export function findCommands(blocks: readonly CodeBlock[], codeSpans: Iterable<string>): string[] {
  const commands = new Set<string>()
  const add = (text: string): void => {
    const command = text.trim().slice(0, 1000)
    if (command !== '' && commands.size < maxCommands) commands.add(command)
  }
  for (const { language, code } of blocks) {
    const isShell = /^(?:sh|bash|zsh|shell|console|terminal|shell-session|sh-session)$/.test(language)
    if (!isShell && language !== '' && language !== 'text') continue
    const lines = code.split('\n')
    const prompted = lines.filter((line) => /^\s{0,8}\$ \S/.test(line))
    if (prompted.length > 0) for (const line of prompted) add(line.trim().slice(2))
    else if (isShell) for (const line of lines) if (programs.test(line.trim())) add(line)
  }
  for (const span of codeSpans) if (programs.test(span) && /\s/.test(span)) add(span)
  return [...commands]
}
