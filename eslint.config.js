import boundaries from 'eslint-plugin-boundaries'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

/** Planes from the ground up. A plane may import itself and the ones before it; see docs/architecture.md. */
const planes = [
  'kernel',
  'contracts',
  'store',
  'engine',
  'governance',
  'execution',
  'control',
  'workflow',
  'api',
  'cli',
  'main',
]

/** Within `execution`, from the ground up. */
const executionOrder = [
  'grammar',
  'sandbox',
  'repository',
  'testing',
  'repair',
  'upkeep',
  'tools',
  'development',
  'mcp',
  'coding-agents',
]

/** Planes that consist of capabilities, each a room of its own behind its `index.ts`. */
const planesOfCapabilities = ['governance', 'execution', 'control', 'workflow']

/** Folders that are rooms of their own within a plane, because not everybody who uses the plane needs them. */
const rooms = [
  { type: 'contracts', pattern: 'src/contracts/api' },
  { type: 'api', pattern: 'src/api/client' },
  { type: 'api', pattern: 'src/api/documentation' },
]

const elements = [
  ...rooms,
  ...planesOfCapabilities.map((plane) => ({
    type: plane,
    pattern: `src/${plane}/*`,
    capture: ['capability'],
  })),
  ...planes.map((plane) => ({ type: plane, pattern: `src/${plane}` })),
  { type: 'testing', pattern: 'src/testing' },
]

/** Tests, the attacks they run and the samples they make. */
const tests = ['**/*.test.ts', 'src/**/attacks/**/*.ts', 'src/**/scratch-*.ts']

const engineOnly = { group: ['@dbos-inc/*'], message: 'Only src/engine knows the library it stands on.' }

const apiOnly = {
  group: ['**/src/*', '**/src/**', '!**/src/contracts/**'],
  message: 'The web application knows the studio through web/src/api alone.',
}
const contractsAsTypes = {
  group: ['**/src/contracts/**'],
  allowTypeImports: true,
  message: 'Only types of the contracts; their schemas stay out of the browser.',
}

const toElement = (types) => ({ to: { element: { types: { anyOf: types } } } })

export default tseslint.config(
  { ignores: ['node_modules/**', '**/fixtures/**', 'examples/**', 'coverage/**', 'web/dist/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': elements,
      'boundaries/files': [
        { category: 'test', pattern: tests },
        { category: 'code', pattern: '**/*.ts' },
      ],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            ...planes.map((plane, index) => ({
              from: { element: { type: plane } },
              allow: toElement(planes.slice(0, index + 1)),
            })),
            ...executionOrder.map((capability, index) => ({
              from: { element: { type: 'execution', captured: { capability } } },
              disallow: {
                to: {
                  element: { type: 'execution', captured: { capability: executionOrder.slice(index + 1) } },
                },
              },
              message: `Within execution, imports go down: ${executionOrder.join(' < ')}.`,
            })),
            { from: { element: { type: 'testing' } }, allow: toElement(['testing', ...planes.slice(0, 8)]) },
            { from: { file: { categories: 'test' } }, allow: toElement(['testing']) },
            { from: { element: { type: 'main' } }, allow: toElement(['testing']) },
            {
              from: { file: { categories: '!test' } },
              disallow: { to: { element: { fileInternalPath: '!index.ts' } } },
              message: 'Import another room through its index.ts.',
            },
          ],
        },
      ],
      'no-restricted-imports': ['error', { patterns: [engineOnly] }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only src/main reads the environment; take the value as a parameter.',
        },
      ],
    },
  },
  { files: ['src/engine/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['src/main/**/*.ts', ...tests, 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['web/src/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      'no-restricted-imports': ['error', { patterns: [apiOnly, contractsAsTypes] }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'Everything from outside is data: let React write it as text.',
        },
      ],
    },
  },
  {
    files: ['web/src/api/client.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [contractsAsTypes] }] },
  },
  { files: ['web/{public,documentation}/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  { files: ['eslint.config.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Reporters that run inside a repository's own test runner, on its Node: plain CommonJS.
    files: ['src/execution/testing/reporters/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
)
