import { accessSync, constants } from 'node:fs'

/** Absolute paths of the programs that the launcher is made of. */
export interface Programs {
  readonly bwrap: string
  readonly nsenter: string
  readonly prlimit: string
  readonly unshare: string
  readonly setpriv: string
  /** Null where there is no Perl; then layers of other owners are copied. */
  readonly perl: string | null
}

/** Only directories that belong to root: a program found elsewhere could have been put there by anybody. */
const trustedDirectories = [
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/sbin',
  '/usr/local/bin',
  '/run/current-system/sw/bin',
]

/** The programs, or the names of those that are missing. */
export function findPrograms(
  directories: readonly string[] = trustedDirectories,
): { readonly found: Programs } | { readonly missing: readonly string[] } {
  const [bwrap, nsenter, prlimit, unshare, setpriv] = [
    'bwrap',
    'nsenter',
    'prlimit',
    'unshare',
    'setpriv',
  ].map((name) => findProgram(name, directories))
  if (bwrap && nsenter && prlimit && unshare && setpriv) {
    const perl = findProgram('perl', directories)
    return { found: { bwrap, nsenter, prlimit, unshare, setpriv, perl } }
  }
  const utilLinux = nsenter && prlimit && unshare && setpriv
  return { missing: [...(bwrap ? [] : ['bubblewrap']), ...(utilLinux ? [] : ['util-linux'])] }
}

function findProgram(name: string, directories: readonly string[]): string | null {
  for (const directory of directories) {
    const path = `${directory}/${name}`
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // It may be in the next directory.
    }
  }
  return null
}
