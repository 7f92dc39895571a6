import type { Architecture } from './syscalls.ts'

/** What a filtered call gets instead of being performed: an error number, or the end of the process. */
export type Refusal = { readonly kind: 'errno'; readonly number: number } | { readonly kind: 'kill' }

/** A condition on one argument. Except where it says otherwise, only the lower 32 bits count, as in the kernel. */
export type Condition =
  | { readonly kind: 'any-bit'; readonly argument: number; readonly mask: number }
  | {
      readonly kind: 'one-of'
      readonly argument: number
      readonly values: readonly number[]
      readonly mask?: number
    }
  | { readonly kind: 'none-of'; readonly argument: number; readonly values: readonly number[] }
  /** Compares all 64 bits. */
  | { readonly kind: 'above'; readonly argument: number; readonly value: number }

/** A call that is refused when all conditions hold; without conditions always. */
export interface Rule {
  readonly syscall: string
  readonly when: readonly Condition[]
  readonly refusal: Refusal
}

const errno = (number: number): Refusal => ({ kind: 'errno', number })
const notPermitted = errno(1)
const invalid = errno(22)
/** Programs take this for an older kernel and use what they used before. */
const notImplemented = errno(38)
const protocolNotSupported = errno(93)
const familyNotSupported = errno(97)

/** The answer to calls that are younger than the filter, and to x32 calls, whose numbers have bit 30 set. */
export const unknownCall = notImplemented

const always = (refusal: Refusal, ...syscalls: readonly string[]): readonly Rule[] =>
  syscalls.map((syscall) => ({ syscall, when: [], refusal }))

const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 }
/** IP protocols a program may name: any, ICMP (ping), TCP, UDP, ICMPv6, MPTCP. */
const ipProtocols = [0, 1, 6, 17, 58, 262]
/** All `CLONE_NEW*` flags of linux/sched.h. CLONE_NEWTIME overlaps the exit signal of clone(2) and counts only for unshare(2). */
const newNamespaces = 0x7e020000
const newTime = 0x80
/** Type bits of a character or block device (inode(7)). */
const device = { mask: 0o170000, values: [0o020000, 0o060000] }
/** TIOCLINUX, TIOCSTI, TIOCCONS, TIOCSETD: ways to type into, or take over, somebody's terminal. */
const terminalTakeover = [0x541c, 0x5412, 0x541d, 0x5423]
/** PER_LINUX with and without address randomisation, and the question which one is set. */
const personalities = [0x0, 0x0040000, 0xffffffff]
/**
 * System V segments outlive detaching and then belong to no process, so the memory watchdog cannot see them. The
 * kernel's 4096 segments of this size are few enough; PostgreSQL needs 56 bytes.
 */
const sharedMemoryBytes = 65_536

/**
 * What repository-controlled code may not ask the kernel for. The namespaces already stand in the way of most of it;
 * the filter takes away the parts of the kernel in which ways around them have been found.
 */
export const profile: readonly Rule[] = [
  ...always(notPermitted, 'keyctl', 'add_key', 'request_key'),
  ...always(
    notPermitted,
    'ptrace',
    'process_vm_readv',
    'process_vm_writev',
    'kcmp',
    'pidfd_getfd',
    'process_madvise',
  ),
  ...always(
    notPermitted,
    'mount',
    'umount2',
    'pivot_root',
    'chroot',
    'move_mount',
    'open_tree',
    'mount_setattr',
  ),
  ...always(notPermitted, 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'setns', 'quotactl', 'quotactl_fd'),
  ...always(
    notPermitted,
    'bpf',
    'perf_event_open',
    'userfaultfd',
    'fanotify_init',
    'lookup_dcookie',
    'syslog',
  ),
  ...always(
    notPermitted,
    'name_to_handle_at',
    'open_by_handle_at',
    'nfsservctl',
    'sysfs',
    'ustat',
    '_sysctl',
  ),
  ...always(notPermitted, 'kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module'),
  ...always(
    notPermitted,
    'create_module',
    'get_kernel_syms',
    'query_module',
    'reboot',
    'swapon',
    'swapoff',
    'acct',
  ),
  ...always(notPermitted, 'settimeofday', 'clock_settime', 'clock_adjtime', 'adjtimex', 'sethostname'),
  ...always(notPermitted, 'setdomainname', 'iopl', 'ioperm', 'modify_ldt', 'vhangup', 'uselib'),
  ...always(notPermitted, 'mbind', 'migrate_pages', 'move_pages', 'set_mempolicy', 'set_mempolicy_home_node'),
  // A memory file that is written to but not mapped belongs to no process either; callers fall back to /dev/shm.
  ...always(notImplemented, 'memfd_create', 'memfd_secret'),
  ...always(notImplemented, 'io_uring_setup', 'io_uring_enter', 'io_uring_register'),
  // Its flags lie in memory, which a filter cannot read; the C library falls back to clone(2).
  ...always(notImplemented, 'clone3'),
  rule('clone', notPermitted, { kind: 'any-bit', argument: 0, mask: newNamespaces }),
  rule('unshare', notPermitted, { kind: 'any-bit', argument: 0, mask: newNamespaces | newTime }),
  rule('ioctl', notPermitted, { kind: 'one-of', argument: 1, values: terminalTakeover }),
  rule('mknod', notPermitted, { kind: 'one-of', argument: 1, ...device }),
  rule('mknodat', notPermitted, { kind: 'one-of', argument: 2, ...device }),
  rule('personality', notPermitted, { kind: 'none-of', argument: 0, values: personalities }),
  rule('shmget', invalid, { kind: 'above', argument: 1, value: sharedMemoryBytes }),
  rule('socketpair', familyNotSupported, { kind: 'none-of', argument: 0, values: [families.unix] }),
  rule('socket', familyNotSupported, { kind: 'none-of', argument: 0, values: Object.values(families) }),
  // Of netlink only the routing family, which tells a program its own addresses.
  rule(
    'socket',
    protocolNotSupported,
    { kind: 'one-of', argument: 0, values: [families.netlink] },
    { kind: 'none-of', argument: 2, values: [0] },
  ),
  rule(
    'socket',
    protocolNotSupported,
    { kind: 'one-of', argument: 0, values: [families.inet, families.inet6] },
    { kind: 'none-of', argument: 2, values: ipProtocols },
  ),
]

function rule(syscall: string, refusal: Refusal, ...when: readonly Condition[]): Rule {
  return { syscall, when, refusal }
}

/** The rules of the profile for calls that exist on an architecture, by number. */
export function rulesByNumber(architecture: Architecture): ReadonlyMap<number, readonly Rule[]> {
  const rules = new Map<number, Rule[]>()
  for (const entry of profile) {
    const number = architecture.numbers[entry.syscall]
    if (number !== undefined) rules.set(number, [...(rules.get(number) ?? []), entry])
  }
  return rules
}
