import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** The user and group that programs inside a sandbox see themselves as. */
export const insideUser = { id: 1000, name: 'sandbox', home: '/home/sandbox' } as const
export const insideHostname = 'sandbox'

/** Written by the studio, so that the sandbox learns nothing about the host's users, names and addresses. */
export const syntheticFiles: Readonly<Record<string, string>> = {
  hosts: `127.0.0.1 localhost ${insideHostname}\n::1 localhost ip6-localhost\n`,
  hostname: `${insideHostname}\n`,
  passwd:
    `${insideUser.name}:x:${insideUser.id}:${insideUser.id}:sandbox:${insideUser.home}:/bin/sh\n` +
    'root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  group: `${insideUser.name}:x:${insideUser.id}:\nroot:x:0:\nnogroup:x:65534:\n`,
  'nsswitch.conf':
    'passwd: files\ngroup: files\nshadow: files\nhosts: files\nservices: files\nprotocols: files\n',
}

/** Parts of the host's `/etc` that programs need and that hold no secrets; what does not exist is left out. */
const hostFiles = [
  'alternatives',
  'ca-certificates.conf',
  'crypto-policies',
  'fonts',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'mime.types',
  'perl',
  'pki/ca-trust/extracted',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'protocols',
  'python3',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
]

/** Directories at the root that are part of the system's programs; links into /usr on all current distributions. */
const programDirectories = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

/**
 * Arguments for bubblewrap that lay out the read-only system below `root`: the host's programs, the synthetic files
 * from `synthetic` and the harmless parts of `/etc`.
 */
export function systemArguments(root: string, synthetic: string): readonly string[] {
  const javaFiles = readdirSync('/etc').filter((name) => name.startsWith('java'))
  const etc = [...hostFiles, ...javaFiles].map((name) => `/etc/${name}`).filter((path) => existsSync(path))
  return [
    ...programArguments(root),
    ...Object.keys(syntheticFiles).flatMap((name) => [
      '--ro-bind',
      join(synthetic, name),
      `${root}/etc/${name}`,
    ]),
    ...etc.flatMap((path) => ['--ro-bind', path, root + path]),
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
