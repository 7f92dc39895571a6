import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Builds the web application when the package is installed, so that `npm ci` is all the set-up there is. What it is made
 * of are development dependencies: an installation without them keeps a `dist` that it was given, or serves no pages.
 */
const home = path.join(import.meta.dirname, '..')

function isInstalled(name: string): boolean {
  try {
    return existsSync(fileURLToPath(import.meta.resolve(name)))
  } catch {
    return false
  }
}

if (isInstalled('vite') && isInstalled('react') && isInstalled('@vitejs/plugin-react')) {
  const { build } = await import('vite')
  await build({ root: home, configFile: path.join(home, 'vite.config.ts'), logLevel: 'warn' })
} else {
  console.log('atelier: the web application is not built, since development dependencies are not installed.')
}
