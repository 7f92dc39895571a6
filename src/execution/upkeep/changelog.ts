import { gt, lte, valid } from 'semver'

const longestSection = 4_000
const longestText = 400_000

/** The version that a line of a changelog announces, if it is such a line. */
function announcedVersion(line: string, following: string): string | null {
  const isHeading =
    /^#{1,4}\s|^\*\*|^<a |^\[?v?\d+\.\d+\.\d+/.test(line) || /^(?:={3,}|-{3,})\s*$/.test(following)
  const version = isHeading
    ? /(?<![\d.])v?(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(line.slice(0, 300))?.[1]
    : undefined
  return version === undefined ? null : valid(version)
}

/**
 * What a changelog says about the versions after `from` up to `to`; empty where it says nothing. The text comes from the
 * package and is untrusted: it is cut to 4,000 characters and shown as data.
 */
export function changesBetween(changelog: string, from: string, to: string): string {
  const lines = changelog.slice(0, longestText).split(/\r?\n/)
  const kept: string[] = []
  let wanted = false
  for (const [at, line] of lines.entries()) {
    const version = announcedVersion(line, lines[at + 1] ?? '')
    if (version !== null) wanted = gt(version, from) && lte(version, to)
    if (wanted) kept.push(line)
  }
  return kept.join('\n').trim().slice(0, longestSection)
}
