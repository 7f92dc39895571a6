import type { Studio } from '../api/index.ts'
import type { CliContext, GlobalOptions } from './context.ts'

/** Opens the studio for one command and closes it however that ends. */
export async function withStudio<T>(
  context: CliContext,
  options: GlobalOptions,
  purpose: 'work' | 'look',
  command: (studio: Studio) => Promise<T>,
): Promise<T> {
  const studio = await context.openStudio(options, purpose)
  try {
    return await command(studio)
  } finally {
    await studio.close()
  }
}
