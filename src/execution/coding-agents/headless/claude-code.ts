import { z } from 'zod'
import { claimByStatus, type HeadlessAgent, jsonLines } from './adapter.ts'

const resultSchema = z.object({
  type: z.literal('result'),
  is_error: z.boolean(),
  result: z.string().optional(),
})

/** `claude -p`: one JSON object at the end, configuration by environment. */
export const claudeCode: HeadlessAgent = {
  name: 'claude-code',
  title: 'Claude Code',
  origin: { kind: 'npm', package: '@anthropic-ai/claude-code' },
  speaks: 'anthropic-messages',
  programs: [
    'node_modules/@anthropic-ai/claude-code-linux-*/claude',
    'node_modules/@anthropic-ai/claude-code/cli.js',
  ],
  launch: ({ prompt, model, gatewayUrl, key }) => ({
    arguments: ['-p', '--output-format', 'json', '--dangerously-skip-permissions', '--model', model],
    environment: {
      ANTHROPIC_API_KEY: key,
      ANTHROPIC_BASE_URL: gatewayUrl,
      // The same model for what it does on the side.
      ANTHROPIC_SMALL_FAST_MODEL: model,
      ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    },
    input: prompt,
  }),
  readClaim: (output, exitCode) => {
    const results = jsonLines(output).flatMap((line) => {
      const result = resultSchema.safeParse(line)
      return result.success ? [result.data] : []
    })
    const last = results.at(-1)
    if (last === undefined) return claimByStatus('', exitCode)
    return { outcome: last.is_error ? 'failed' : 'done', text: (last.result ?? '').slice(0, 4_000) }
  },
}
