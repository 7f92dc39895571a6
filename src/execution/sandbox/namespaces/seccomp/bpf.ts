/*
 * Classic BPF as seccomp accepts it (seccomp(2), linux/filter.h): a program of fixed-size instructions that loads
 * 32-bit words of `struct seccomp_data` into one accumulator, compares, and returns a verdict. Jumps only go forward,
 * by at most 255 instructions.
 */

/** One instruction: operation, instructions to skip if true and if false, and a constant. */
export interface Instruction {
  readonly code: number
  readonly ifTrue: number
  readonly ifFalse: number
  readonly constant: number
}

/** Operation codes used here, named as in linux/bpf_common.h. */
export const operations = {
  loadWord: 0x20,
  and: 0x54,
  jumpEqual: 0x15,
  jumpGreater: 0x25,
  jumpAnyBit: 0x45,
  return: 0x06,
} as const

/** Offsets of the words of `struct seccomp_data` on little-endian machines. */
export const words = {
  syscall: 0,
  architecture: 4,
  argumentLow: (index: number): number => 16 + 8 * index,
  argumentHigh: (index: number): number => 20 + 8 * index,
} as const

type Line =
  | { readonly kind: 'plain'; readonly code: number; readonly constant: number }
  | {
      readonly kind: 'jump'
      readonly code: number
      readonly constant: number
      readonly ifTrue: string | null
      readonly ifFalse: string | null
    }
  | { readonly kind: 'label'; readonly name: string }

/** Collects instructions with symbolic jump targets; `null` as a target means the next instruction. */
export class Assembler {
  readonly #lines: Line[] = []

  load(offset: number): this {
    return this.#plain(operations.loadWord, offset)
  }

  and(mask: number): this {
    return this.#plain(operations.and, mask)
  }

  return(verdict: number): this {
    return this.#plain(operations.return, verdict)
  }

  jump(
    test: 'jumpEqual' | 'jumpGreater' | 'jumpAnyBit',
    constant: number,
    ifTrue: string | null,
    ifFalse: string | null,
  ): this {
    this.#lines.push({ kind: 'jump', code: operations[test], constant, ifTrue, ifFalse })
    return this
  }

  label(name: string): this {
    this.#lines.push({ kind: 'label', name })
    return this
  }

  /** @throws if a label is missing or lies behind the jump or too far ahead: a defect of the generator */
  assemble(): readonly Instruction[] {
    const places = new Map<string, number>()
    const code: Exclude<Line, { kind: 'label' }>[] = []
    for (const line of this.#lines)
      if (line.kind === 'label') places.set(line.name, code.length)
      else code.push(line)
    const distance = (from: number, label: string | null): number => {
      const skipped = label === null ? 0 : (places.get(label) ?? -1) - from - 1
      if (skipped < 0 || skipped > 255) throw new Error(`cannot jump from ${from} to ${String(label)}`)
      return skipped
    }
    return code.map((line, at) => ({
      code: line.code,
      constant: line.constant >>> 0,
      ifTrue: line.kind === 'jump' ? distance(at, line.ifTrue) : 0,
      ifFalse: line.kind === 'jump' ? distance(at, line.ifFalse) : 0,
    }))
  }

  #plain(code: number, constant: number): this {
    this.#lines.push({ kind: 'plain', code, constant })
    return this
  }
}

/** The program as an array of little-endian `struct sock_filter`, the form that bubblewrap reads. */
export function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8)
  program.forEach(({ code, ifTrue, ifFalse, constant }, index) => {
    bytes.writeUInt16LE(code, index * 8)
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(constant, index * 8 + 4)
  })
  return bytes
}
