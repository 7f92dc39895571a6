import type { Command } from './commands.ts'

/** Commands in which every word of the query begins some word, the best first. */
export function findCommands(commands: readonly Command[], query: string): readonly Command[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean)
  const score = ({ title, words }: Command): number => {
    const inTitle = title.toLowerCase().split(/\s+/)
    const all = [...inTitle, ...words.toLowerCase().split(/\s+/)]
    if (!wanted.every((word) => all.some((each) => each.startsWith(word)))) return 0
    return 1 + wanted.filter((word) => inTitle.some((each) => each.startsWith(word))).length
  }
  return commands
    .map((command) => ({ command, points: score(command) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .map(({ command }) => command)
}

/** Whether a run is what somebody looks for, by the rule of the studio: every word in the title, or the text in the id. */
export function isAbout(
  { id, title }: { readonly id: string; readonly title: string },
  text: string,
): boolean {
  const wanted = text.toLowerCase()
  const inTitle = title.toLowerCase()
  return id.toLowerCase().includes(wanted) || wanted.split(/\s+/).every((word) => inTitle.includes(word))
}
