import { BlockList, isIP } from 'node:net'

/*
 * Addresses that are not part of the public Internet (IANA special-purpose registries, RFC 6890): a name that resolves
 * to one of them would let a sandbox reach the studio itself, its network, or a cloud's metadata service.
 */
const notPublic = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['100::', 64],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv6')

/** IPv6 prefixes in which an IPv4 address is wrapped, and the index of the group at which it begins. */
const wrappers: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { prefix: [0, 0, 0, 0, 0, 0], at: 6 },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x2002], at: 1 },
]

/** Whether an address, also one wrapped in IPv6, belongs to the public Internet. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !notPublic.check(address, 'ipv4')
  if (version !== 6 || notPublic.check(address, 'ipv6')) return false
  const groups = groupsOf(address)
  return wrappers.every(({ prefix, at }) => {
    if (!prefix.every((group, index) => groups[index] === group)) return true
    const [high = 0, low = 0] = groups.slice(at, at + 2)
    return isPublicAddress(`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`)
  })
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const plain = address
    .replace(/%.*$/, '')
    .replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
      const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number)
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
    })
  const [head = '', tail] = plain.split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))
  const before = parse(head)
  const after = tail === undefined ? [] : parse(tail)
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}
