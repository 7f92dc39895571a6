import { z } from 'zod'
import { claimByStatus, type HeadlessAgent, jsonLines } from './adapter.ts'

const messageSchema = z.object({
  type: z.literal('item.completed'),
  item: z.object({ type: z.literal('agent_message'), text: z.string() }),
})

/** `codex exec`: events as JSON lines, configuration by arguments; its own sandbox gives way to the studio's. */
export const codex: HeadlessAgent = {
  name: 'codex',
  title: 'OpenAI Codex CLI',
  origin: { kind: 'npm', package: '@openai/codex' },
  speaks: 'openai-responses',
  programs: [
    'node_modules/@openai/codex-linux-*/vendor/*/bin/codex',
    'node_modules/@openai/codex/bin/codex.js',
  ],
  launch: ({ prompt, model, gatewayUrl, key }) => ({
    arguments: [
      'exec',
      '--json',
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      ...['-m', model],
      ...['-c', 'model_provider="atelier"'],
      ...['-c', 'model_providers.atelier.name="atelier"'],
      ...['-c', `model_providers.atelier.base_url=${JSON.stringify(`${gatewayUrl}/v1`)}`],
      ...['-c', 'model_providers.atelier.env_key="ATELIER_KEY"'],
      ...['-c', 'model_providers.atelier.wire_api="responses"'],
      '-',
    ],
    environment: { ATELIER_KEY: key },
    input: prompt,
  }),
  readClaim: (output, exitCode) => {
    const messages = jsonLines(output).flatMap((line) => {
      const message = messageSchema.safeParse(line)
      return message.success ? [message.data.item.text] : []
    })
    return claimByStatus(messages.at(-1) ?? '', exitCode)
  },
}
