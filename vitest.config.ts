import { defineConfig } from 'vitest/config'

const exclude = ['**/node_modules/**', '**/fixtures/**', 'examples/**']

export default defineConfig({
  test: {
    globalSetup: ['test/setup/offer-database.ts'],
    setupFiles: ['test/setup/use-database.ts'],
    pool: 'forks',
    // More than the cores of a small machine: half of a test's time is waiting for processes, disks and registries.
    maxWorkers: 3,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        // Many files, which load the same modules: once in each process. They leave nothing behind in it.
        extends: true,
        test: { name: 'parts', include: ['{src,web/src}/**/*.test.ts'], exclude, isolate: false },
      },
      { extends: true, test: { name: 'whole', include: ['{test,bench}/**/*.test.ts'], exclude } },
    ],
  },
})
