/** A full object id, SHA-1 or SHA-256. */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

/** The rules of git-check-ref-format, for full names. */
export function isRefName(name: string): boolean {
  if (name.length > 1024 || /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/.test(name)) return false
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
}

/**
 * Whether a person's words can be handed to git as a revision: a branch, tag or commit, with `~2` or `^` behind it.
 * Git's search and path syntax (`:/text`, `HEAD:file`, `@{…}`) and anything like an option is not.
 */
export function isRevision(text: string): boolean {
  const [, name = ''] = /^([^~^]+)(?:[~^]\d{0,6}){0,8}$/.exec(text) ?? []
  return !name.startsWith('-') && isRefName(`refs/heads/${name}`)
}
