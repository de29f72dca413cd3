import { expect, test, vi } from 'vitest'
import { runProcess } from '~/sandbox/runner/run-process'
import { createRepository, temporaryDirectory } from './git-repository'
import { isRunning } from './process-state'
import { run, runRequest } from './run-support'

/** Cancels the run as soon as a step has printed this line. */
async function cancelAt(line: string, workflowText: string) {
  const controller = new AbortController()
  return await run(
    runRequest(createRepository({}), { workflowText }),
    (event) => {
      if (event.type === 'log' && event.line === line) controller.abort()
    },
    controller.signal,
  )
}

test('cancelling interrupts the running step, skips the rest, and still runs steps with always() and cancelled()', async () => {
  const result = await cancelAt(
    'working',
    `
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - { name: work, run: 'echo working; sleep 600' }
      - { name: next, run: 'true' }
      - { name: failed, if: failure(), run: 'true' }
      - { name: tidy, if: always(), run: 'echo tidied' }
      - { name: told, if: cancelled(), run: 'echo "status \${{ job.status }}"' }
  b: { needs: a, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  c: { needs: a, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`,
  )
  expect(result.steps('a')).toEqual([
    'work: cancelled',
    'next: skipped',
    'failed: skipped',
    'tidy: success',
    'told: success',
  ])
  expect(result.log).toContain('status cancelled')
  expect(result.jobs).toEqual(['a: cancelled', 'b: skipped', 'c: success'])
  expect(result.conclusion).toBe('cancelled')
})

test('a step with always() is not interrupted', async () => {
  const result = await cancelAt(
    'working',
    `
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - { name: insists, if: always(), run: 'echo working; sleep 0.3; echo finished' }
      - { name: next, run: 'true' }
`,
  )
  expect(result.steps('a')).toEqual(['insists: success', 'next: skipped'])
  expect(result.log).toMatch(/^finished$/m)
  expect(result.conclusion).toBe('cancelled')
})

test('a step gets SIGINT first and can clean up', async () => {
  const result = await cancelAt(
    'working',
    `
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          trap 'echo interrupted; exit 130' INT
          echo working
          while :; do sleep 0.05; done
`,
  )
  expect(result.log).toMatch(/^interrupted$/m)
})

test('a process that ignores SIGINT gets SIGTERM, and is killed with its children if it ignores both', async () => {
  const controller = new AbortController()
  const lines: string[] = []
  const script = `
    trap 'echo int' INT; trap 'echo term' TERM
    sleep 600 & echo "child $!"
    while :; do sleep 0.05; done`
  const exitCode = await runProcess({
    command: 'bash',
    args: ['-c', script],
    cwd: temporaryDirectory(),
    env: { PATH: process.env['PATH'] ?? '' },
    onLine: (line) => {
      lines.push(line)
      if (line.startsWith('child')) controller.abort()
    },
    signal: controller.signal,
    patience: { interruptMs: 1_000, terminateMs: 1_000 },
    groups: new Set(),
  })
  expect(exitCode).toBe(137)
  expect(lines.filter((line) => line === 'int' || line === 'term')).toEqual(['int', 'term'])
  const child = Number(lines[0]?.split(' ')[1])
  await vi.waitFor(() => expect(isRunning(child)).toBe(false))
})

test('a run cancelled before it starts runs nothing', async () => {
  const workflowText = 'on: workflow_dispatch\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: echo ran }] } }'
  const result = await run(runRequest(createRepository({}), { workflowText }), undefined, AbortSignal.abort())
  expect(result.conclusion).toBe('cancelled')
  expect(result.jobs).toEqual(['a: cancelled'])
  expect(result.log).toBe('')
})
