import { createRequire } from 'node:module'

import type { Transform, transform as transformFunction } from 'sucrase'

let transform: typeof transformFunction | undefined

/** Whether a text has `import` or `export` declarations, or `import.meta`; rough, but never misses one. */
const looksLikeModule = /(?:^|[;}\n])\s*(?:import|export)\b|\bimport\s*(?:\.\s*meta|\()/

/**
 * Types taken away and `import`/`export` turned into `require`/`exports` with live bindings, lines kept. Loaded
 * afresh for every candidate, modules must not go through Node's own loader, which keeps each for ever.
 */
export function toCommonJs(file: string, text: string): string {
  const isTyped = /\.[cm]?tsx?$/.test(file)
  const isJsx = /\.[jt]sx$/.test(file)
  const isModule = !file.endsWith('.cjs') && looksLikeModule.test(text)
  if (!isTyped && !isJsx && !isModule) return text
  transform ??= (createRequire(import.meta.url)('sucrase') as { transform: typeof transformFunction })
    .transform
  const transforms: Transform[] = ['jest', 'imports']
  if (isTyped) transforms.push('typescript')
  if (isJsx || (!isTyped && /<\/?[A-Za-z>]/.test(text) && /\.jsx?$/.test(file) && text.includes('</')))
    transforms.push('jsx')
  const { code } = transform(text, {
    transforms,
    filePath: file,
    production: true,
    preserveDynamicImport: false,
    keepUnusedImports: !isTyped,
    disableESTransforms: true,
  })
  return code.replace(/\bimport\.meta\b/g, '$meta$')
}
