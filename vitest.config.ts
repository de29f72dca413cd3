import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { keepScratchInMemory } from './test/support/scratch'
import { StartersFirst } from './test/support/starters-first'

keepScratchInMemory(process.env)

const alias = {
  '~test': path.resolve(import.meta.dirname, 'test'),
  '~': path.resolve(import.meta.dirname, 'src'),
  'server-only': path.resolve(import.meta.dirname, 'test/support/empty.ts'),
}

// @actions/workflow-parser imports JSON without an attribute, which plain Node 20 refuses and tsx, under which the
// sandbox runs anyway, understands.
const execArgv = ['--import', 'tsx']

export default defineConfig({
  resolve: { alias },
  test: {
    // Three even on two cores, where vitest would take one: many of these tests wait, for processes, schedules and clones.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: StartersFirst },
    projects: [
      {
        resolve: { alias },
        // No test takes a second by itself; a busy machine may take many times as long.
        test: {
          name: 'unit',
          setupFiles: ['test/support/leave-nothing.ts'],
          isolate: false, // a process for each file cost three times what the tests do
          execArgv,
          include: ['test/unit/**/*.test.{ts,tsx}'],
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          globalSetup: ['test/support/integration-database.ts'],
          setupFiles: ['test/support/leave-nothing.ts'],
          // To load Next, Prisma and the rest afresh for each file took a third of the time of the whole.
          isolate: false,
          execArgv,
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        resolve: { alias },
        // Only under `npm run test:postgres`, which names the server and its tools.
        test: {
          name: 'postgres',
          globalSetup: ['test/support/integration-database.ts'],
          execArgv,
          include: ['test/postgres/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
