import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** The user and group that programs inside a sandbox see themselves as. */
export const insideUser = { id: 1000, name: 'sandbox', home: '/home/sandbox' } as const
export const insideHostname = 'sandbox'

/** Written by the studio, so that the sandbox learns nothing about the host's users, names and addresses. */
const syntheticFiles: Readonly<Record<string, string>> = {
  hosts: `127.0.0.1 localhost ${insideHostname}\n::1 localhost ip6-localhost\n`,
  hostname: `${insideHostname}\n`,
  passwd:
    `${insideUser.name}:x:${insideUser.id}:${insideUser.id}:sandbox:${insideUser.home}:/bin/sh\n` +
    'root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  group: `${insideUser.name}:x:${insideUser.id}:\nroot:x:0:\nnogroup:x:65534:\n`,
  'nsswitch.conf':
    'passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n',
}

/** Files of the host's `/etc` that programs need and that hold no secrets; copied when a host of sandboxes is made. */
const copiedFiles = [
  'ca-certificates.conf',
  'ld.so.cache',
  'ld.so.conf',
  'mime.types',
  'pki/tls/openssl.cnf',
  'protocols',
  'services',
  'ssl/openssl.cnf',
]

/** Directories of the same kind; each is one more mount to make for every command, so they are few. */
const boundDirectories = [
  'alternatives',
  'fonts',
  'ld.so.conf.d',
  'pki/ca-trust/extracted',
  'pki/tls/certs',
  'ssl/certs',
]

/** Directories at the root that are part of the system's programs; links into /usr on all current distributions. */
const programDirectories = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/** The files of `/etc` inside, by name: those the studio writes, and those it takes over from the host. */
export async function systemFiles(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>(Object.entries(syntheticFiles))
  for (const name of copiedFiles.filter((file) => existsSync(`/etc/${file}`)))
    files.set(name, await readFile(`/etc/${name}`))
  return files
}

/** Names of the directories that are bound into `/etc`, Java's own among them. */
export function systemDirectories(): readonly string[] {
  const java = readdirSync('/etc').filter((name) => name.startsWith('java'))
  return [...boundDirectories, ...java].filter((name) => existsSync(`/etc/${name}`))
}

/**
 * Arguments for bubblewrap that lay out the read-only system below `root`: the host's programs, the directory `etc`
 * with the files and empty directories named above, and the host's directories over these.
 */
export function systemArguments(root: string, etc: string): readonly string[] {
  return [
    ...programArguments(root),
    ...['--ro-bind', etc, `${root}/etc`],
    ...systemDirectories().flatMap((name) => ['--ro-bind', `/etc/${name}`, `${root}/etc/${name}`]),
  ]
}

/** Arguments for bubblewrap that show the host's programs below `root`. */
export function programArguments(root: string): readonly string[] {
  const links = programDirectories.flatMap((path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return []
    return stats.isSymbolicLink()
      ? ['--symlink', readlinkSync(path), root + path]
      : ['--ro-bind', path, root + path]
  })
  return ['--ro-bind', '/usr', `${root}/usr`, ...links]
}
