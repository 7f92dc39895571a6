import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode, operations, words, type Instruction } from './bpf.ts'
import { compileFilter, filterForThisMachine, verdictOf, verdicts } from './filter.ts'
import { profile, rulesByNumber, unknownCall, type Condition } from './profile.ts'
import { architectures, type Architecture } from './syscalls.ts'

interface Call {
  readonly audit: number
  readonly number: number
  readonly arguments: readonly bigint[]
}

/** Executes a program as the kernel would (net/core/filter.c). */
function execute(program: readonly Instruction[], call: Call): number {
  const data = Buffer.alloc(64)
  data.writeUInt32LE(call.number, words.syscall)
  data.writeUInt32LE(call.audit, words.architecture)
  call.arguments.forEach((value, index) => data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index))
  let accumulator = 0
  for (let at = 0; at < program.length; at += 1) {
    const { code, ifTrue, ifFalse, constant } = program[at]!
    if (code === operations.return) return constant
    if (code === operations.loadWord) accumulator = data.readUInt32LE(constant)
    else if (code === operations.and) accumulator = (accumulator & constant) >>> 0
    else if (code === operations.jumpEqual) at += accumulator === constant ? ifTrue : ifFalse
    else if (code === operations.jumpGreater) at += accumulator > constant ? ifTrue : ifFalse
    else if (code === operations.jumpAnyBit) at += (accumulator & constant) !== 0 ? ifTrue : ifFalse
    else throw new Error(`unknown operation ${code}`)
  }
  throw new Error('the program ran off its end')
}

const holds = (condition: Condition, args: readonly bigint[]): boolean => {
  const value = BigInt.asUintN(64, args[condition.argument] ?? 0n)
  const low = Number(value & 0xffffffffn)
  switch (condition.kind) {
    case 'any-bit':
      return (low & condition.mask) !== 0
    case 'one-of':
      return condition.values.includes(condition.mask === undefined ? low : (low & condition.mask) >>> 0)
    case 'none-of':
      return !condition.values.includes(low)
    case 'above':
      return value > BigInt(condition.value)
  }
}

/** What the profile says, read rule by rule and without any program. */
function expected(architecture: Architecture, call: Call): number {
  if (call.audit !== architecture.audit) return verdicts.killProcess
  if (call.number > architecture.newest) return verdictOf(unknownCall)
  const match = (rulesByNumber(architecture).get(call.number) ?? []).find(({ when }) =>
    when.every((condition) => holds(condition, call.arguments)),
  )
  return match === undefined ? verdicts.allow : verdictOf(match.refusal)
}

const interesting = [0n, 1n, 2n, 10n, 16n, 40n, 0x5412n, 0x541cn, 0x10000000n, 65536n, 65537n, 1n << 32n]
const argument = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(...interesting),
  fc.nat(300).map(BigInt),
)

describe.each(Object.entries(architectures))('the filter for %s', (name, architecture) => {
  const program = compileFilter(architecture)
  const call = (syscall: string, ...args: bigint[]): number =>
    execute(program, { audit: architecture.audit, number: architecture.numbers[syscall]!, arguments: args })

  it('decides every call as the profile says', () => {
    const number = fc.oneof(
      fc.constantFrom(...Object.values(architecture.numbers)),
      fc.nat(600),
      fc.integer({ min: 0, max: 0xffffffff }),
    )
    const audit = fc.oneof(
      { weight: 9, arbitrary: fc.constant(architecture.audit) },
      { weight: 1, arbitrary: fc.constantFrom(0x40000003, 0x40000028, 0) },
    )
    fc.assert(
      fc.property(
        audit,
        number,
        fc.array(argument, { minLength: 6, maxLength: 6 }),
        (auditWord, nr, args) => {
          const made: Call = { audit: auditWord, number: nr, arguments: args }
          expect(execute(program, made)).toBe(expected(architecture, made))
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('refuses new namespaces in every flag position and allows ordinary threads', () => {
    const threads = 0x3d0f00n
    expect(call('clone', threads)).toBe(verdicts.allow)
    for (const flag of [
      0x20000n,
      0x2000000n,
      0x4000000n,
      0x8000000n,
      0x10000000n,
      0x20000000n,
      0x40000000n,
    ]) {
      expect(call('clone', threads | flag)).toBe(verdicts.errno | 1)
      expect(call('unshare', flag)).toBe(verdicts.errno | 1)
    }
    expect(call('unshare', 0x400n)).toBe(verdicts.allow)
    expect(call('unshare', 0x80n)).toBe(verdicts.errno | 1)
    expect(call('clone3')).toBe(verdicts.errno | 38)
  })

  it('is not fooled by the upper half of an argument that the kernel ignores', () => {
    expect(call('ioctl', 0n, 0xdead00005412n)).toBe(verdicts.errno | 1)
    expect(call('socket', (1n << 32n) | 40n, 1n, 0n)).toBe(verdicts.errno | 97)
  })

  it('allows ordinary sockets and refuses the exotic ones', () => {
    expect(call('socket', 1n, 1n, 0n)).toBe(verdicts.allow)
    expect(call('socket', 2n, 1n, 6n)).toBe(verdicts.allow)
    expect(call('socket', 10n, 2n, 17n)).toBe(verdicts.allow)
    expect(call('socket', 16n, 3n, 0n)).toBe(verdicts.allow)
    expect(call('socket', 16n, 3n, 12n)).toBe(verdicts.errno | 93)
    expect(call('socket', 2n, 1n, 132n)).toBe(verdicts.errno | 93)
    for (const family of [3n, 17n, 21n, 30n, 38n, 40n, 44n])
      expect(call('socket', family)).toBe(verdicts.errno | 97)
  })

  it('hides calls that are younger than the filter, and x32', () => {
    const at = (number: number): number =>
      execute(program, { audit: architecture.audit, number, arguments: [] })
    expect(at(architecture.newest + 1)).toBe(verdicts.errno | 38)
    expect(at(0x40000000 | 57)).toBe(verdicts.errno | 38)
    expect(at(0xffffffff)).toBe(verdicts.errno | 38)
  })

  it('ends a process that uses the calling convention of 32 bits', () => {
    expect(execute(program, { audit: 0x40000003, number: 11, arguments: [] })).toBe(verdicts.killProcess)
  })

  it('fits into the kernel’s limit and is encoded eight bytes an instruction', () => {
    expect(program.length).toBeLessThan(4096)
    expect(encode(program)).toHaveLength(program.length * 8)
    expect(filterForThisMachine(name)).toEqual(encode(program))
  })
})

it('knows a number for every rule on x86_64, where all these calls exist', () => {
  for (const { syscall } of profile) expect(architectures.x64.numbers, syscall).toHaveProperty(syscall)
})

it('has no filter for an instruction set it does not know', () => {
  expect(filterForThisMachine('s390x')).toBeNull()
})

const headers = [
  { name: 'x64', path: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h' },
  { name: 'arm64', path: '/usr/include/asm-generic/unistd.h' },
] as const

it.each(headers.filter(({ path }) => existsSync(path)))(
  'uses the numbers of the kernel headers for $name',
  ({ name, path }) => {
    const found = new Map<string, number>()
    for (const [, call, number] of readFileSync(path, 'utf8').matchAll(
      /^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm,
    ))
      found.set(call!, Number(number))
    for (const [call, number] of Object.entries(architectures[name].numbers))
      if (found.has(call)) expect(number, call).toBe(found.get(call))
  },
)
