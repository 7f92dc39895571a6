import { Button, CopyButton } from '../ui/index.ts'
import { Soft, Stack } from './layout.tsx'
import styles from './secret.module.css'

/** Something that is shown once: it lives in this component alone and in no cache. */
export function Secret({
  secret,
  label,
  words,
  onDone,
}: {
  readonly secret: string
  readonly label: string
  readonly words: string
  readonly onDone: () => void
}) {
  return (
    <Stack>
      <Soft>{words}</Soft>
      <div className={styles['secret']} role="group" aria-label={label}>
        <code>{secret}</code>
        <CopyButton text={secret} label={`Copy ${label.toLowerCase()}`} />
      </div>
      <div>
        <Button look="primary" autoFocus onClick={onDone}>
          I have kept it
        </Button>
      </div>
    </Stack>
  )
}
