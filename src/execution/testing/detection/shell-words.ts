/** One word of a shell command. */
export interface ShellWord {
  /** As written, quotes included: what a shell has to be given to read the same again. */
  readonly raw: string
  /** With quotes and escapes removed; variables and globs are left as they stand. */
  readonly text: string
}

/** A command without control operators. */
export interface SimpleCommand {
  /** What joins it to the command before; null for the first. */
  readonly joinedBy: '&&' | '||' | ';' | '|' | '&' | null
  readonly assignments: readonly { readonly name: string; readonly value: ShellWord }[]
  readonly words: readonly ShellWord[]
  /** Redirections, as written. */
  readonly redirections: readonly string[]
}

type Token =
  | { readonly kind: 'word'; readonly word: ShellWord }
  | { readonly kind: 'operator'; readonly operator: '&&' | '||' | ';' | '|' | '&' }
  | { readonly kind: 'redirection'; readonly raw: string }

const operatorPattern = /^(?:&&|\|\||;|\||&)/
const redirectionPattern = /^\d*(?:>>|>&|<&|>|<)&?/
const assignmentPattern = /^[A-Za-z_]\w*=/

/**
 * Splits a shell script into its simple commands, in order. Null for what goes beyond lists and pipelines (subshells,
 * substitutions, conditionals): such a script can only be run as a whole.
 */
export function parseShellCommands(script: string): readonly SimpleCommand[] | null {
  const tokens = tokenise(script)
  if (tokens === null) return null
  const commands: SimpleCommand[] = []
  let joinedBy: SimpleCommand['joinedBy'] = null
  let words: ShellWord[] = []
  let redirections: string[] = []
  const finish = (): void => {
    if (words.length > 0) commands.push(simpleCommand(joinedBy, words, redirections))
    words = []
    redirections = []
  }
  for (const token of tokens) {
    if (token.kind === 'word') words.push(token.word)
    else if (token.kind === 'redirection') redirections.push(token.raw)
    else {
      finish()
      joinedBy = token.operator
    }
  }
  finish()
  return commands
}

function simpleCommand(
  joinedBy: SimpleCommand['joinedBy'],
  words: readonly ShellWord[],
  redirections: readonly string[],
): SimpleCommand {
  const first = words.findIndex((word) => !assignmentPattern.test(word.raw))
  const count = first === -1 ? words.length : first
  const assignments = words.slice(0, count).map((word) => {
    const name = word.raw.slice(0, word.raw.indexOf('='))
    return {
      name,
      value: { raw: word.raw.slice(name.length + 1), text: word.text.slice(name.length + 1) },
    }
  })
  return { joinedBy, assignments, words: words.slice(count), redirections }
}

function tokenise(script: string): readonly Token[] | null {
  const tokens: Token[] = []
  let at = 0
  while (at < script.length) {
    const rest = script.slice(at)
    const blank = /^[ \t\r]+/.exec(rest)?.[0]
    if (blank !== undefined) {
      at += blank.length
      continue
    }
    if (rest.startsWith('\n')) {
      tokens.push({ kind: 'operator', operator: ';' })
      at += 1
      continue
    }
    if (rest.startsWith('#')) {
      at += /^[^\n]*/.exec(rest)?.[0].length ?? 0
      continue
    }
    if (/^[(){}`!]/.test(rest) && !/^[{}!]\S/.test(rest)) return null
    const redirection = redirectionPattern.exec(rest)?.[0]
    if (redirection !== undefined) {
      const target = /^[ \t]*[^\s;|&<>]*/.exec(rest.slice(redirection.length))?.[0] ?? ''
      tokens.push({ kind: 'redirection', raw: redirection + target })
      at += redirection.length + target.length
      continue
    }
    const operator = operatorPattern.exec(rest)?.[0]
    if (operator !== undefined) {
      tokens.push({ kind: 'operator', operator: operator as '&&' })
      at += operator.length
      continue
    }
    const word = readWord(rest)
    if (word === null) return null
    tokens.push({ kind: 'word', word })
    at += word.raw.length
  }
  return tokens
}

/** Reads one word from the start of the text; null if it needs a shell to be understood. */
function readWord(rest: string): ShellWord | null {
  let text = ''
  let at = 0
  while (at < rest.length && !/[\s;|&<>()]/.test(rest.charAt(at))) {
    const character = rest.charAt(at)
    if (character === '`' || rest.startsWith('$(', at)) return null
    if (character === "'") {
      const end = rest.indexOf("'", at + 1)
      if (end === -1) return null
      text += rest.slice(at + 1, end)
      at = end + 1
    } else if (character === '"') {
      const quoted = readDoubleQuoted(rest, at + 1)
      if (quoted === null) return null
      text += quoted.text
      at = quoted.end
    } else if (character === '\\' && at + 1 < rest.length) {
      text += rest.charAt(at + 1)
      at += 2
    } else {
      text += character
      at += 1
    }
  }
  return at === 0 ? null : { raw: rest.slice(0, at), text }
}

function readDoubleQuoted(
  source: string,
  start: number,
): { readonly text: string; readonly end: number } | null {
  let text = ''
  for (let at = start; at < source.length; at += 1) {
    const character = source.charAt(at)
    if (character === '"') return { text, end: at + 1 }
    if (character === '`' || source.startsWith('$(', at)) return null
    if (character === '\\' && /["\\$`]/.test(source.charAt(at + 1))) {
      at += 1
      text += source.charAt(at)
    } else text += character
  }
  return null
}

/** A word that a shell reads back as exactly this text. */
export function quoteWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The word that stands for exactly this text. */
export function literalWord(text: string): ShellWord {
  return { raw: quoteWord(text), text }
}

/** Whether a shell would expand the word to file names. */
export function isShellGlob(word: ShellWord): boolean {
  return word.raw === word.text && /[*?[]/.test(word.raw)
}
