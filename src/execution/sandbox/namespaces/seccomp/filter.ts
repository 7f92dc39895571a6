import { Assembler, encode, words, type Instruction } from './bpf.ts'
import { rulesByNumber, unknownCall, type Condition, type Refusal } from './profile.ts'
import { architectures, type Architecture } from './syscalls.ts'

/** Verdicts of linux/seccomp.h. */
export const verdicts = { allow: 0x7fff0000, killProcess: 0x80000000, errno: 0x00050000 } as const

export function verdictOf(refusal: Refusal): number {
  return refusal.kind === 'kill' ? verdicts.killProcess : verdicts.errno | refusal.number
}

/**
 * The filter as a BPF program. A call of another calling convention (i386 on x86_64) ends the process; calls younger
 * than the filter and x32 calls do not exist; everything the profile does not refuse is allowed.
 */
export function compileFilter(architecture: Architecture): readonly Instruction[] {
  const code = new Assembler()
  code.load(words.architecture).jump('jumpEqual', architecture.audit, 'native', null)
  code.return(verdicts.killProcess).label('native')
  code.load(words.syscall).jump('jumpGreater', architecture.newest, null, 'known')
  code.return(verdictOf(unknownCall)).label('known')
  const rules = [...rulesByNumber(architecture)]
  for (const [number, [first]] of rules) {
    if (first === undefined || first.when.length > 0) continue
    code.jump('jumpEqual', number, null, `not ${number}`)
    code.return(verdictOf(first.refusal)).label(`not ${number}`)
  }
  for (const [number, conditional] of rules) {
    if (conditional.every(({ when }) => when.length === 0)) continue
    code.jump('jumpEqual', number, null, `not ${number}`)
    conditional.forEach(({ when, refusal }, index) => {
      const otherwise = `${number} after ${index}`
      when.forEach((condition, place) => {
        compileCondition(code, condition, otherwise, `${number} ${index} ${place}`)
      })
      code.return(verdictOf(refusal)).label(otherwise)
    })
    // The accumulator holds an argument now, so nothing may be compared with numbers of calls any more.
    code.return(verdicts.allow).label(`not ${number}`)
  }
  return code.return(verdicts.allow).assemble()
}

/** Falls through when the condition holds and jumps to `otherwise` when it does not. */
function compileCondition(code: Assembler, condition: Condition, otherwise: string, unique: string): void {
  const holds = `${unique} holds`
  switch (condition.kind) {
    case 'any-bit':
      code.load(words.argumentLow(condition.argument)).jump('jumpAnyBit', condition.mask, null, otherwise)
      return
    case 'one-of':
      code.load(words.argumentLow(condition.argument))
      if (condition.mask !== undefined) code.and(condition.mask)
      condition.values.forEach((value, index) => {
        code.jump('jumpEqual', value, holds, index === condition.values.length - 1 ? otherwise : null)
      })
      code.label(holds)
      return
    case 'none-of':
      code.load(words.argumentLow(condition.argument))
      for (const value of condition.values) code.jump('jumpEqual', value, otherwise, null)
      return
    case 'above':
      code.load(words.argumentHigh(condition.argument)).jump('jumpEqual', 0, null, holds)
      code.load(words.argumentLow(condition.argument)).jump('jumpGreater', condition.value, holds, otherwise)
      code.label(holds)
  }
}

/** The filter for this machine in the form that bubblewrap reads, or null if the instruction set is not known. */
export function filterForThisMachine(arch: string = process.arch): Uint8Array | null {
  const architecture = arch === 'x64' || arch === 'arm64' ? architectures[arch] : undefined
  return architecture === undefined ? null : encode(compileFilter(architecture))
}
