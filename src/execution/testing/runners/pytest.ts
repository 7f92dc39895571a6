import type { Runner } from './runner.ts'
import { joinCommand, quoteAll, splitArguments } from './command-line.ts'
import { wordSet } from '../detection/word-set.ts'

const table = {
  withValue: wordSet(`
    -k -m -c -p -n -o -W --rootdir --ignore --deselect --maxfail --durations`),
  dropped:
    /^(--junit.*|-v+|--verbose|-q+|--quiet|--cov.*|--no-cov.*|-x|--exitfirst|--maxfail|--pdb|--lf|--ff|--sw|-f|--looponfail)$/,
}

export const pytest: Runner = {
  framework: 'pytest',
  programs: ['pytest'],
  configuration: /^(pytest\.ini|conftest\.py)$/,
  fileArguments: ({ arguments: words }) => splitArguments(words, table).positional,
  plan: ({ suite: { invocation }, selection }) => {
    const { options, positional } = splitArguments(invocation.arguments, table)
    const [file] = selection.files ?? []
    const exact =
      selection.names !== undefined && selection.files?.length === 1 && file !== undefined
        ? selection.names.map((name) => [file, ...name.split(' > ')].join('::'))
        : selection.files
    return Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            'env PYTHONPATH="$reporters:$PWD/src:$PYTHONPATH" python3 -m pytest -p atelier_pytest -p no:cacheprovider --continue-on-collection-errors',
            options,
            exact === undefined ? positional : quoteAll(exact),
          ),
          reporters: ['atelier_channel.py', 'atelier_pytest.py'],
          results: 'records',
        },
      ],
    })
  },
}
