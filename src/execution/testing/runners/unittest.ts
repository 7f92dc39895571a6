import { literalWord } from '../detection/shell-words.ts'
import type { Runner } from './runner.ts'
import { joinCommand } from './command-line.ts'

export const unittest: Runner = {
  framework: 'unittest',
  programs: ['unittest'],
  fileArguments: ({ arguments: words }) => words.filter((word) => !word.text.startsWith('-')),
  plan: ({ suite: { invocation }, selection }) =>
    Promise.resolve({
      concurrency: 1,
      executions: [
        {
          file: null,
          command: joinCommand(
            'env PYTHONPATH="$PWD/src:$PYTHONPATH" python3 "$reporters/atelier_unittest.py"',
            // Files become modules; whole paths, so that packages import as they do under discovery.
            selection.files === undefined ? invocation.arguments : selection.files.map(literalWord),
          ),
          reporters: ['atelier_channel.py', 'atelier_unittest.py'],
          results: 'records',
        },
      ],
    }),
}
