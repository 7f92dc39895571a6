import { createHash } from 'node:crypto'

/** A strong entity tag of an answer as it is sent. */
export function entityTag(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
}

/** Whether a header such as `If-None-Match` names this tag. */
export function namesTag(header: string, tag: string): boolean {
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*')
}
