import { useState } from 'react'
import { useMutation } from '@tanstack/react-query'
import { studio } from '../../api/index.ts'
import { Editor } from '../../editor/index.ts'
import { Button, ErrorNote, Skeleton } from '../../ui/index.ts'
import { Row, Soft, Stack } from '../../panels/index.ts'
import type { Policy } from './queries.ts'
import { SimulationView } from './simulation-view.tsx'

/** What another text in the place of a shipped policy would have changed. */
export function ShippedWhatIf({ policy: { id, text: shipped } }: { readonly policy: Policy }) {
  const [text, setText] = useState(shipped)
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (candidate: string) => studio.simulateShippedPolicy({ body: { id, text: candidate } }),
  })
  return (
    <Stack>
      <Editor
        label={`What might stand in the place of ${id}, in Cedar`}
        text={text}
        onChange={setText}
        state="unknown"
        problems={[]}
      />
      <Soft>
        Nothing changes by this: the shipped policies come with a release. To forbid more, write a policy of
        your own.
      </Soft>
      <Row>
        <Button look="primary" busy={isPending} onClick={() => mutate(text)}>
          Simulate
        </Button>
        <Button busy={isPending} onClick={() => mutate('')}>
          Simulate without it
        </Button>
      </Row>
      {error !== null && <ErrorNote error={error} />}
      {isPending ? <Skeleton lines={4} /> : data !== undefined && <SimulationView simulation={data} />}
    </Stack>
  )
}
