/**
 * An executable for x86_64 that asks for its number with `int 0x80`, the way 32-bit programs make system calls, and
 * ends with status 0 if it got one. A filter that looks at 64-bit calls only would not see this one.
 */
export function program32(): Uint8Array {
  const base = 0x400000
  const headers = 64 + 56
  const code = Buffer.from(
    [
      'b814000000', // mov eax, 20 (getpid for i386)
      'cd80', // int 0x80
      '31ff', // xor edi, edi
      '85c0', // test eax, eax
      '7f05', // jg past the next instruction
      'bf01000000', // mov edi, 1
      'b83c000000', // mov eax, 60 (exit for x86_64)
      '0f05', // syscall
    ].join(''),
    'hex',
  )
  const file = Buffer.alloc(headers + code.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(2, 16) // an executable
  file.writeUInt16LE(62, 18) // for x86_64
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(base + headers), 24) // where it begins
  file.writeBigUInt64LE(64n, 32) // where the program header lies
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64) // a segment to load,
  file.writeUInt32LE(5, 68) // readable and executable,
  file.writeBigUInt64LE(BigInt(base), 80) // at this address
  file.writeBigUInt64LE(BigInt(base), 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x1000n, 112)
  file.set(code, headers)
  return file
}
