import { useQuery } from '@tanstack/react-query'
import { studio } from '../../api/index.ts'
import { plural, Section, Status } from '../../ui/index.ts'
import { Loaded, Stack } from '../../panels/index.ts'
import styles from './policies.module.css'

/** The tests of the shipped policies, run anew each time they are looked at. */
export function ShippedTests() {
  const query = useQuery({
    queryKey: ['policies', 'tests'],
    queryFn: ({ signal }) => studio.testPolicies({ signal }),
    staleTime: 0,
  })
  return (
    <Loaded query={query} lines={10}>
      {({ files }) => (
        <Stack>
          {files.map(({ file, results }) => {
            const failed = results.filter(({ passed }) => !passed).length
            return (
              <Section
                key={file}
                title={file}
                beside={
                  <Status
                    status={failed === 0 ? 'passed' : 'failed'}
                    word={failed === 0 ? `All ${plural(results.length, 'test')} pass` : `${failed} fail`}
                  />
                }
              >
                <TestResults results={results} />
              </Section>
            )
          })}
        </Stack>
      )}
    </Loaded>
  )
}

/** What each test says, those that fail first. */
export function TestResults({
  results,
}: {
  readonly results: readonly { readonly name: string; readonly passed: boolean; readonly message: string }[]
}) {
  return (
    <ul className={styles['tests']}>
      {[...results]
        .sort((a, b) => Number(a.passed) - Number(b.passed))
        .map(({ name, passed, message }) => (
          <li key={name}>
            <Status status={passed ? 'passed' : 'failed'} look="icon" />
            <span>
              {name}
              {message !== '' && <span className={styles['message']}>{message}</span>}
            </span>
          </li>
        ))}
    </ul>
  )
}
