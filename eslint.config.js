import boundaries from 'eslint-plugin-boundaries'
import tseslint from 'typescript-eslint'

/** Planes from the ground up. A plane may import the ones before it; see docs/architecture.md. */
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

export default tseslint.config(
  { ignores: ['node_modules/**', '**/fixtures/**', 'examples/**', 'coverage/**'] },
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
      'boundaries/elements': [
        ...planes.map((plane) => ({ type: plane, pattern: `src/${plane}` })),
        { type: 'testing', pattern: 'src/testing' },
      ],
    },
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only src/main reads the environment; take the value as a parameter.',
        },
      ],
    },
  },
  {
    files: ['src/main/**/*.ts', '**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['eslint.config.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Reporters that run inside a repository's own test runner, on its Node: plain CommonJS.
    files: ['src/execution/testing/reporters/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
)
