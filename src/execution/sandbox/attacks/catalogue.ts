import { architectures } from '../namespaces/seccomp/syscalls.ts'

/** What the attacks aim at: things of the host that exist, and are within reach, outside a sandbox. */
export interface Targets {
  /** The directory whose content is the sandbox's layer; `/workspace` inside. */
  readonly workspace: string
  /** A file with the secret, in a place every user of the host may read. */
  readonly secretFile: string
  /** The secret, also in the environment of the studio. */
  readonly secret: string
  /** A directory of the host that is bound read-only at `/opt/bound`. */
  readonly boundDirectory: string
  /** A process of the same user as the sandbox's. */
  readonly processId: number
  readonly tcpPort: number
  readonly udpPort: number
  readonly socketPath: string
  readonly abstractSocket: string
}

/** One attempt to get out, to get at something, or to use something up. */
export interface Attack {
  /** The class of attack, as in docs/threat-model.md. */
  readonly name: string
  /**
   * The command, given where the workspace is: it prints `BREACH` if it succeeds. A command that is killed has not.
   */
  readonly argv: (targets: Targets, workspace: string) => readonly [string, ...string[]]
  /**
   * Who succeeds with the same command outside a sandbox: without such a control the attack might fail for any reason.
   * `null` where success would harm the machine or depends on its kernel; the reason is then given.
   */
  readonly control: 'anybody' | 'root' | { readonly none: string }
  /** What is seen of an attack that is stopped by its death, and so cannot say itself that it was held. */
  readonly death?: RegExp
}

const { numbers } = architectures[process.arch === 'arm64' ? 'arm64' : 'x64']

/** Environment that `attack.pl` needs. */
export const attackEnvironment = {
  CALLS: Object.entries(numbers)
    .map(([name, number]) => `${name}=${number}`)
    .join(' '),
}

const perl = (
  name: string,
  argv: (targets: Targets, workspace: string) => readonly (string | number)[],
): Attack['argv'] => {
  return (targets, workspace) => [
    'perl',
    `${workspace}/attack.pl`,
    name,
    ...argv(targets, workspace).map(String),
  ]
}
const shell = (script: (targets: Targets, workspace: string) => string): Attack['argv'] => {
  return (targets, workspace) => ['sh', '-c', script(targets, workspace)]
}
const tells = (condition: string): string => `if ${condition}; then echo BREACH; else echo held; fi`

const harmful = { none: 'outside it would change the machine' }
const rightsNeeded = { none: 'outside it needs rights that only some users have' }
const kernelDependent = { none: 'whether it works outside depends on the kernel' }

/** Secrets of the host. */
const secrets: readonly Attack[] = [
  { name: 'read /etc/shadow', argv: perl('open-read', () => ['/etc/shadow']), control: 'root' },
  { name: 'read a private key', argv: perl('open-read', (t) => [t.secretFile]), control: 'anybody' },
  {
    name: 'list home directories',
    argv: shell(() => tells('ls /root/.ssh /home/*/.ssh 2>/dev/null | grep -q .')),
    control: harmful,
  },
  {
    name: 'read the environment',
    argv: shell((t) => tells(`env | grep -q ${t.secret}`)),
    control: 'anybody',
  },
  {
    name: 'read the environment of process 1 and of every other',
    argv: shell((t) => tells(`cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -q ${t.secret}`)),
    control: 'anybody',
  },
  {
    name: 'reach the host through /proc/*/root and /proc/*/cwd',
    argv: shell((t) =>
      tells(
        `cat /proc/[0-9]*/root${t.secretFile} /proc/[0-9]*/cwd/../secret 2>/dev/null | grep -q ${t.secret}`,
      ),
    ),
    control: 'anybody',
  },
  {
    name: 'follow a link out of the workspace',
    argv: perl('open-read', (_t, w) => [`${w}/link-out`]),
    control: 'anybody',
  },
  {
    name: 'read the kernel command line',
    argv: shell(() => tells('grep -q . /proc/cmdline')),
    control: 'anybody',
  },
  {
    name: 'read kernel addresses',
    argv: shell(() => tells('grep -q . /proc/kallsyms')),
    control: kernelDependent,
  },
  {
    name: 'use inherited descriptors',
    argv: shell((t) => tells(`cat /proc/self/fd/40 2>/dev/null | grep -q ${t.secret}`)),
    control: 'anybody',
  },
]

/** The network. */
const network: readonly Attack[] = [
  {
    name: 'resolve a name',
    argv: perl('resolve', () => ['registry.npmjs.org']),
    control: { none: 'outside it needs a network' },
  },
  { name: 'send UDP to the host', argv: perl('udp', (t) => ['127.0.0.1', t.udpPort]), control: 'anybody' },
  {
    name: 'send UDP to a name server',
    argv: perl('udp', () => ['192.0.2.53', 53]),
    control: { none: 'outside it needs a route' },
  },
  {
    name: 'reach the metadata service',
    argv: perl('tcp', () => ['169.254.169.254', 80]),
    control: { none: 'there is none outside a cloud' },
  },
  {
    name: 'reach services on the host’s loopback',
    argv: perl('tcp', (t) => ['127.0.0.1', t.tcpPort]),
    control: 'anybody',
  },
  {
    name: 'reach a Unix socket by path',
    argv: perl('unix', (t) => ['path', t.socketPath]),
    control: 'anybody',
  },
  {
    name: 'reach an abstract Unix socket',
    argv: perl('unix', (t) => ['abstract', t.abstractSocket]),
    control: 'anybody',
  },
  { name: 'open AF_VSOCK', argv: perl('family', () => [40, 1, 0]), control: kernelDependent },
  { name: 'open a packet socket', argv: perl('family', () => [17, 3, 0]), control: 'root' },
  { name: 'open a raw socket', argv: perl('family', () => [2, 3, 255]), control: 'root' },
  { name: 'open netlink beyond routing', argv: perl('family', () => [16, 3, 15]), control: 'anybody' },
]

/** Changing the host. */
const writes: readonly Attack[] = [
  { name: 'write to /etc', argv: perl('create', () => ['/etc/attack']), control: harmful },
  { name: 'write to /etc/passwd', argv: perl('open-write', () => ['/etc/passwd']), control: 'root' },
  { name: 'write to /usr', argv: perl('create', () => ['/usr/bin/attack']), control: harmful },
  { name: 'write to /', argv: perl('create', () => ['/attack']), control: harmful },
  {
    name: 'write to what is bound read-only',
    argv: perl('create', (t, w) => [w === '/workspace' ? '/opt/bound/x' : `${t.boundDirectory}/x`]),
    control: 'anybody',
  },
  {
    name: 'rewrite core_pattern',
    argv: perl('open-write', () => ['/proc/sys/kernel/core_pattern']),
    control: 'root',
  },
  {
    name: 'rewrite a network setting',
    argv: perl('open-write', () => ['/proc/sys/net/ipv4/ip_forward']),
    control: 'root',
  },
  {
    name: 'press the magic key',
    argv: perl('open-write', () => ['/proc/sysrq-trigger']),
    control: kernelDependent,
  },
  {
    name: 'change .git/config',
    argv: perl('open-write', (_t, w) => [`${w}/.git/config`]),
    control: 'anybody',
  },
  {
    name: 'plant a git hook',
    argv: perl('create', (_t, w) => [`${w}/.git/hooks/post-checkout`]),
    control: 'anybody',
  },
  {
    name: 'exchange .git',
    argv: shell((_t, w) => tells(`mv ${w}/.git ${w}/.git-moved 2>/dev/null && mv ${w}/.git-moved ${w}/.git`)),
    control: 'anybody',
  },
  {
    name: 'read a raw disk',
    argv: shell(() =>
      tells('ls /dev/sd* /dev/vd* /dev/nvme* /dev/dm-* /dev/mem /dev/kvm 2>/dev/null | grep -q .'),
    ),
    control: kernelDependent,
  },
  {
    name: 'make a device',
    argv: perl('mknod', (_t, w) => [`${w}/device`, '020000', 0x103]),
    control: 'root',
  },
  {
    name: 'make a block device in /tmp',
    argv: perl('mknod', () => [`/tmp/device-${process.pid}`, '060000', 0x800]),
    control: harmful,
  },
]

/** Gaining rights. */
const rights: readonly Attack[] = [
  {
    name: 'run a set-user-id program',
    argv: perl('effective-user', (_t, w) => [`${w}/setuid-id`]),
    control: rightsNeeded,
  },
  {
    name: 'make a user namespace with unshare',
    argv: perl('unshare', () => ['0x10000000']),
    control: 'anybody',
  },
  { name: 'make a user namespace with clone', argv: perl('clone', () => ['0x10000000']), control: 'anybody' },
  { name: 'make a user namespace with clone3', argv: perl('clone3', () => []), control: 'anybody' },
  { name: 'make a mount namespace', argv: perl('unshare', () => ['0x00020000']), control: 'root' },
  { name: 'mount', argv: perl('mount', () => ['/tmp']), control: harmful },
  { name: 'remount /usr writable', argv: perl('remount', () => ['/usr']), control: harmful },
  { name: 'unmount what masks /proc', argv: perl('unmount', () => ['/proc/cmdline']), control: harmful },
  { name: 'change the root directory', argv: perl('chroot', () => []), control: 'root' },
  { name: 'kill a process of the host', argv: perl('kill', (t) => [t.processId]), control: harmful },
  { name: 'see a process of the host', argv: perl('see-process', (t) => [t.processId]), control: 'anybody' },
  { name: 'trace', argv: perl('trace', () => []), control: 'anybody' },
  { name: 'read another process’s memory', argv: perl('read-memory', () => []), control: 'anybody' },
  { name: 'read the keyring', argv: perl('keyctl', () => []), control: 'anybody' },
  { name: 'add a key', argv: perl('add-key', () => []), control: 'anybody' },
  { name: 'userfaultfd', argv: perl('userfaultfd', () => []), control: kernelDependent },
  { name: 'io_uring', argv: perl('io-uring', () => []), control: kernelDependent },
  { name: 'load a BPF program', argv: perl('bpf', () => []), control: rightsNeeded },
  { name: 'open performance counters', argv: perl('perf', () => []), control: rightsNeeded },
  { name: 'type into the terminal (TIOCSTI)', argv: perl('terminal', () => ['0x5412']), control: 'anybody' },
  {
    name: 'type into the terminal with a long request number',
    argv: perl('terminal', () => ['0x100005412']),
    control: 'anybody',
  },
  {
    name: 'paste into the console (TIOCLINUX)',
    argv: perl('terminal', () => ['0x541c']),
    control: 'anybody',
  },
  {
    name: 'make an i386 system call',
    argv: shell((_t, w) => tells(`${w}/program32 2>/dev/null`)),
    control: kernelDependent,
  },
  { name: 'make an x32 system call', argv: perl('x32', () => []), control: kernelDependent },
]

/** Using things up. Limits: see `run-attacks.ts`. */
const resources: readonly Attack[] = [
  { name: 'fill /dev', argv: perl('fill', () => ['/dev/attack', 64e6]), control: harmful },
  { name: 'fill /dev/shm', argv: perl('fill', () => ['/dev/shm/attack', 160e6]), control: harmful },
  { name: 'fill /tmp', argv: perl('fill', () => ['/tmp/attack', 160e6]), control: harmful },
  { name: 'fill /run', argv: perl('fill', () => ['/run/attack', 160e6]), control: harmful },
  { name: 'fill the workspace', argv: perl('fill', (_t, w) => [`${w}/attack`, 80e6]), control: 'anybody' },
  {
    name: 'fill the home directory',
    argv: perl('fill', () => ['/home/sandbox/attack', 80e6]),
    control: harmful,
  },
  {
    name: 'fill the workspace with empty files',
    argv: shell((_t, w) => `mkdir -p ${w}/many && perl ${w}/attack.pl many-files ${w}/many 20000`),
    control: 'anybody',
  },
  { name: 'fork bomb', argv: perl('fork-bomb', () => [200]), control: 'anybody' },
  { name: 'memory bomb', argv: perl('memory', () => [400e6]), control: 'anybody', death: /Out of memory/ },
  {
    name: 'memory bomb of many processes',
    argv: perl('memory-together', () => [12, 40e6]),
    control: { none: 'outside it would take long' },
    death: /killed: memory/,
  },
  { name: 'memory that belongs to no process', argv: perl('memory-file', () => []), control: 'anybody' },
  {
    name: 'shared memory that outlives its process',
    argv: perl('shared-memory', () => [100e6]),
    control: harmful,
  },
]

export const attacks: readonly Attack[] = [...secrets, ...network, ...writes, ...rights, ...resources]
