import type { Node } from '@babel/types'
import type { Finding } from '../../contracts/index.ts'
import { isScriptPath, parseScript, walkScript } from '../../execution/repository/index.ts'
import type { ChangedFile } from './changed-file.ts'
import { addedLines, excerpt } from './excerpt.ts'

/**
 * Findings about powers that a repair rarely needs and an attack usually does: running text or programs, reaching the
 * network, reading the environment, hiding what the code says. Only added lines count.
 */
export function findSuspiciousCode(files: readonly ChangedFile[]): readonly Finding[] {
  return files.flatMap((file) => [
    ...hiddenCharacters(file),
    ...(file.kind === 'documentation' ? [] : obfuscation(file)),
    ...(isScriptPath(file.path) ? scriptPowers(file) : linePowers(file)),
    ...(file.modeChange === null ? [] : [modeFinding(file, file.modeChange)]),
  ])
}

type Power = 'evaluate' | 'execute' | 'network' | 'environment'

const powerWords: Readonly<Record<Power, readonly [severity: Finding['severity'], words: string]>> = {
  evaluate: ['high', 'runs text as code'],
  execute: ['high', 'starts other programs'],
  network: ['high', 'reaches the network'],
  environment: ['medium', 'reads the environment'],
}

function powerFinding(file: ChangedFile, power: Power, line: number, evidence: string): Finding {
  const [severity, words] = powerWords[power]
  return {
    rule: `security/${power}`,
    // Tests start servers and programs all the time.
    severity: file.kind === 'test' ? 'low' : severity,
    message: `added code ${words}`,
    file: file.path,
    line,
    evidence: excerpt(evidence.trim()),
  }
}

const modulePowers: Readonly<Record<string, Power>> = {
  child_process: 'execute',
  cluster: 'execute',
  worker_threads: 'execute',
  execa: 'execute',
  'cross-spawn': 'execute',
  shelljs: 'execute',
  vm: 'evaluate',
  vm2: 'evaluate',
  net: 'network',
  tls: 'network',
  dgram: 'network',
  dns: 'network',
  'dns/promises': 'network',
  http: 'network',
  https: 'network',
  http2: 'network',
  undici: 'network',
  axios: 'network',
  got: 'network',
  'node-fetch': 'network',
  ws: 'network',
}

function scriptPowers(file: ChangedFile): readonly Finding[] {
  const added = new Set(file.addedLines)
  const syntax = file.after === null || added.size === 0 ? undefined : parseScript(file.path, file.after)
  if (syntax === undefined) return file.after === null ? [] : linePowers(file)
  const lines = (file.after ?? '').split('\n')
  const findings = new Map<string, Finding>()
  walkScript(syntax, (node) => {
    const line = node.loc?.start.line
    if (line === undefined || !added.has(line)) return
    const power = powerOf(node)
    const key = `${power ?? ''}:${line}`
    if (power !== undefined && !findings.has(key)) {
      findings.set(key, powerFinding(file, power, line, lines[line - 1] ?? ''))
    }
  })
  return [...findings.values()]
}

function powerOf(node: Node): Power | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return modulePower(node.source?.value)
    case 'ImportExpression':
      return node.source.type === 'StringLiteral' ? modulePower(node.source.value) : 'evaluate'
    case 'NewExpression':
      if (node.callee.type !== 'Identifier') return undefined
      if (node.callee.name === 'Function') return 'evaluate'
      return /^(?:WebSocket|XMLHttpRequest|EventSource)$/.test(node.callee.name) ? 'network' : undefined
    case 'CallExpression':
      return callPower(node.callee, node.arguments)
    case 'MemberExpression':
      return isMember(node, 'process', 'env') ? 'environment' : undefined
    default:
      return undefined
  }
}

function callPower(callee: Node, args: readonly Node[]): Power | undefined {
  const [first] = args
  if (callee.type === 'Identifier') {
    if (callee.name === 'eval' || callee.name === 'Function') return 'evaluate'
    if (callee.name === 'fetch') return 'network'
    if (/^(?:setTimeout|setInterval|setImmediate)$/.test(callee.name) && first?.type === 'StringLiteral')
      return 'evaluate'
    if (callee.name !== 'require' || first === undefined) return undefined
    return first.type === 'StringLiteral' ? modulePower(first.value) : 'evaluate'
  }
  if (callee.type === 'Import') return first?.type === 'StringLiteral' ? modulePower(first.value) : 'evaluate'
  if (callee.type !== 'MemberExpression') return undefined
  if (isMember(callee, 'process', 'binding') || isMember(callee, 'process', 'dlopen')) return 'execute'
  const isGlobal =
    callee.object.type === 'Identifier' && /^(?:globalThis|window|global|self)$/.test(callee.object.name)
  return isGlobal && callee.property.type === 'Identifier' ? callPower(callee.property, args) : undefined
}

function isMember(node: Node, object: string, property: string): boolean {
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === object &&
    ((node.property.type === 'Identifier' && node.property.name === property) ||
      (node.property.type === 'StringLiteral' && node.property.value === property))
  )
}

function modulePower(name: string | undefined): Power | undefined {
  const plain = name?.replace(/^node:/, '')
  return plain !== undefined && Object.hasOwn(modulePowers, plain) ? modulePowers[plain] : undefined
}

const linePatterns: readonly (readonly [Power, RegExp])[] = [
  [
    'evaluate',
    /\b(?:eval|exec|compile|__import__|Function|instance_eval|loadstring)\s{0,2}\(|\bpickle\.loads?\(/,
  ],
  [
    'execute',
    /\bsubprocess\b|\bos\.(?:system|popen|exec\w*|spawn\w*)\(|\bchild_process\b|\bexec\.Command\(|\bProcessBuilder\b|\bRuntime\.getRuntime\(/,
  ],
  [
    'network',
    /\b(?:requests|urllib\d?|httpx|aiohttp|socket|http\.client|net\/http|curl|wget)\b\s{0,2}[.(\s]|https?:\/\/\d{1,3}(?:\.\d{1,3}){3}/,
  ],
  ['environment', /\bos\.(?:environ|getenv)\b|\bSystem\.getenv\(/],
]

/** For languages without a parser here: by words, and only in source code. */
function linePowers(file: ChangedFile): readonly Finding[] {
  if (file.kind !== 'source' && file.kind !== 'test') return []
  return addedLines(file).flatMap(({ number, text }) => {
    const power = linePatterns.find(([, pattern]) => pattern.test(text))?.[0]
    return power === undefined ? [] : [powerFinding(file, power, number, text)]
  })
}

/** Characters that make code look different from what it is (CVE-2021-42574, CVE-2021-42694). */
function hiddenCharacters(file: ChangedFile): readonly Finding[] {
  return addedLines(file).flatMap(({ number, text }) => {
    const reorders = /[\u202a-\u202e\u2066-\u2069]/.test(text)
    const hides = /[\u200b-\u200f\u2060-\u2064\u00ad\u3164\uffa0]|\udb40[\udc00-\udfff]/.test(text)
    const lookalike =
      isScriptPath(file.path) &&
      /[a-zA-Z_$][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][a-zA-Z_$]/.test(text)
    if (!reorders && !hides && !lookalike) return []
    return [
      {
        rule: reorders
          ? 'security/reordered-text'
          : hides
            ? 'security/invisible-text'
            : 'security/lookalike-letters',
        severity: reorders ? ('critical' as const) : hides ? ('high' as const) : ('medium' as const),
        message: reorders
          ? 'a line shows its text in another order than the compiler reads it'
          : hides
            ? 'a line holds characters that cannot be seen'
            : 'a word mixes letters of different alphabets',
        file: file.path,
        line: number,
      },
    ]
  })
}

function obfuscation(file: ChangedFile): readonly Finding[] {
  if (file.kind !== 'source' && file.kind !== 'test') return []
  const lines = (file.after ?? '').split('\n')
  return addedLines(file).flatMap(({ number, text }) => {
    const isLong = (lines[number - 1]?.length ?? 0) > 1_000
    const isEncoded =
      /["'`][A-Za-z0-9+/]{200,}={0,2}["'`]/.test(text) ||
      /(?:\\x[0-9a-f]{2}){16}|(?:\\u[0-9a-f]{4}){16}/i.test(text) ||
      /\b_0x[0-9a-f]{4,}/.test(text)
    if (!isLong && !isEncoded) return []
    return [
      {
        rule: isEncoded ? 'security/encoded-text' : 'security/long-line',
        severity: isEncoded ? ('high' as const) : ('medium' as const),
        message: isEncoded
          ? 'encoded text that nobody can review is added'
          : 'a line of more than 1,000 characters is added',
        file: file.path,
        line: number,
        evidence: excerpt(text.slice(0, 120)),
      },
    ]
  })
}

function modeFinding(
  file: ChangedFile,
  { from, to }: { readonly from: string; readonly to: string },
): Finding {
  return {
    rule: 'security/mode-changed',
    severity: to === '120000' ? 'high' : 'medium',
    message: `${file.path} becomes ${to === '120000' ? 'a symbolic link' : 'executable'}`,
    file: file.path,
    evidence: `${from} → ${to}`,
  }
}
