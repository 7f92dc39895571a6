import { useRef } from 'react'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { FlaskConical } from 'lucide-react'
import { createIdempotencyKey, studio } from '../api/index.ts'
import { Button, useAnnouncer } from '../ui/index.ts'

/** Starts the demo: a real bug in a small sample repository, repaired while one watches. */
export function DemoButton() {
  const navigate = useNavigate()
  const { sayFailure } = useAnnouncer()
  const key = useRef(createIdempotencyKey())
  const start = useMutation({
    mutationFn: () => studio.startDemo({ idempotencyKey: key.current }),
    onSuccess: ({ runId }) => void navigate({ to: `/runs/${runId}` }),
    onError: sayFailure,
  })
  return (
    <Button
      icon={<FlaskConical size={15} aria-hidden />}
      busy={start.isPending}
      onClick={() => start.mutate()}
    >
      Run the demo
    </Button>
  )
}
