import { defineConfig } from 'oxlint'

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

const toElement = (types: readonly string[]) => ({ to: { element: { types: { anyOf: types } } } })

/** What holds everywhere beside everything that is plainly wrong: nothing untyped, no promise that nobody awaits. */
const strict = [
  'no-array-constructor',
  'no-useless-constructor',
  'typescript/consistent-type-imports',
  'typescript/no-deprecated',
  'typescript/no-dynamic-delete',
  'typescript/no-empty-object-type',
  'typescript/no-explicit-any',
  'typescript/no-extraneous-class',
  'typescript/no-generated-empty-object-type',
  'typescript/no-invalid-void-type',
  'typescript/no-misused-promises',
  'typescript/no-namespace',
  'typescript/no-non-null-asserted-nullish-coalescing',
  'typescript/no-non-null-assertion',
  'typescript/no-require-imports',
  'typescript/no-unnecessary-boolean-literal-compare',
  'typescript/no-unnecessary-condition',
  'typescript/no-unnecessary-template-expression',
  'typescript/no-unnecessary-type-arguments',
  'typescript/no-unnecessary-type-assertion',
  'typescript/no-unnecessary-type-constraint',
  'typescript/no-unnecessary-type-conversion',
  'typescript/no-unnecessary-type-parameters',
  'typescript/no-unsafe-argument',
  'typescript/no-unsafe-assignment',
  'typescript/no-unsafe-call',
  'typescript/no-unsafe-enum-comparison',
  'typescript/no-unsafe-function-type',
  'typescript/no-unsafe-member-access',
  'typescript/no-unsafe-return',
  'typescript/only-throw-error',
  'typescript/prefer-promise-reject-errors',
  'typescript/prefer-reduce-type-parameter',
  'typescript/prefer-return-this-type',
  'typescript/related-getter-setter-pairs',
  'typescript/require-await',
  'typescript/unified-signatures',
  'typescript/use-unknown-in-catch-callback-variable',
]

export default defineConfig({
  plugins: ['eslint', 'typescript', 'oxc', 'react', 'node'],
  jsPlugins: ['eslint-plugin-boundaries'],
  options: { typeAware: true, denyWarnings: true, reportUnusedDisableDirectives: 'error' },
  categories: { correctness: 'error' },
  ignorePatterns: ['**/fixtures/**', 'examples/**', 'coverage/**', 'web/dist/**'],
  settings: {
    'boundaries/elements': elements,
    'boundaries/files': [
      { category: 'test', pattern: tests },
      { category: 'code', pattern: '**/*.ts' },
    ],
  },
  rules: {
    'no-var': 'error',
    'prefer-const': 'error',
    'prefer-rest-params': 'error',
    'prefer-spread': 'error',
    // Terminals, diffs and logs are full of them.
    'no-control-regex': 'off',
  },
  overrides: [
    {
      files: ['**/*.{ts,tsx}'],
      rules: {
        ...Object.fromEntries(strict.map((rule) => [rule, 'error' as const])),
        'typescript/ban-ts-comment': ['error', { minimumDescriptionLength: 10 }],
        'typescript/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
        'typescript/restrict-plus-operands': [
          'error',
          {
            allowAny: false,
            allowBoolean: false,
            allowNullish: false,
            allowNumberAndString: false,
            allowRegExp: false,
          },
        ],
        'typescript/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
        'typescript/return-await': ['error', 'error-handling-correctness-only'],
      },
    },
    {
      files: ['src/**/*.ts'],
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
              {
                from: { element: { type: 'testing' } },
                allow: toElement(['testing', ...planes.slice(0, 8)]),
              },
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
      },
    },
    { files: ['src/engine/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
    {
      // Only src/main reads the environment; everything else takes the value as a parameter.
      files: ['src/**/*.ts'],
      excludeFiles: ['src/main/**', ...tests],
      rules: { 'node/no-process-env': 'error' },
    },
    {
      files: ['**/*.test.ts', 'test/**/*.ts'],
      rules: {
        'typescript/no-non-null-assertion': 'off',
        // Sorted to be compared, in whatever order.
        'typescript/require-array-sort-compare': 'off',
      },
    },
    {
      files: ['web/src/**/*.{ts,tsx}'],
      rules: {
        'no-restricted-imports': ['error', { patterns: [apiOnly, contractsAsTypes] }],
        // Everything from outside is data: let React write it as text.
        'react/no-danger': 'error',
        'react/rules-of-hooks': 'error',
        // About React's compiler, which does not build this application.
        'react/incompatible-library': 'off',
      },
    },
    {
      files: ['web/src/api/client.ts'],
      rules: { 'no-restricted-imports': ['error', { patterns: [contractsAsTypes] }] },
    },
  ],
})
