export type ObjectFormat = 'sha1' | 'sha256'

/**
 * The whole configuration of a git directory that the studio owns. Upload-pack may serve any object of it, because
 * only the studio fetches from it.
 */
export function hostConfiguration(objectFormat: ObjectFormat, extra: readonly string[] = []): string {
  return [
    '[core]',
    `\trepositoryformatversion = ${objectFormat === 'sha256' ? 1 : 0}`,
    '\tfilemode = true',
    '\tbare = true',
    '\tlogAllRefUpdates = false',
    '\thooksPath = /dev/null',
    '\tfsmonitor = false',
    ...extra.map((line) => `\t${line}`),
    ...(objectFormat === 'sha256' ? ['[extensions]', '\tobjectFormat = sha256'] : []),
    '[uploadpack]',
    '\tallowAnySHA1InWant = true',
    '[gc]',
    '\tauto = 0',
    '',
  ].join('\n')
}

/**
 * Attributes that outrank every `.gitattributes` in a tree. What the studio reads, writes and shows are the bytes of
 * the blobs: nothing is filtered, converted, expanded, left out of an archive or hidden from a diff as "binary".
 */
export const hostAttributes =
  '* !text !eol !crlf !ident !filter !working-tree-encoding !diff !merge !whitespace !export-ignore !export-subst\n'
