import { expect, test, vi } from 'vitest'
import { createRepository } from './git-repository'
import { isRunning } from './process-state'
import { run, runRequest } from './run-support'

/** Runs one job with these steps, in a repository with these files. */
function runSteps(
  steps: string,
  settings: {
    readonly files?: Record<string, string>
    readonly secrets?: Record<string, string>
    readonly job?: string
  } = {},
) {
  return run(
    runRequest(createRepository(settings.files ?? {}), {
      workflowText: `
on: workflow_dispatch
env: { LEVEL: workflow, TOP: top }
jobs:
  only:
    runs-on: ubuntu-latest
    ${settings.job ?? 'env: { LEVEL: job }'}
    steps:
${steps.replace(/^\n/, '').trimEnd().replaceAll(/^/gm, '      ')}
`,
      secrets: settings.secrets ?? {},
    }),
  )
}

test('env is layered by workflow, job and step, and GITHUB_ENV and GITHUB_PATH reach later steps', async () => {
  const result = await runSteps(`
- run: |
    echo "first $TOP $LEVEL $OWN"
    echo "LATER=from file" >> "$GITHUB_ENV"
    mkdir tools && printf '#!/bin/sh\\necho tool ran\\n' > tools/my-tool && chmod +x tools/my-tool
    echo "$PWD/tools" >> "$GITHUB_PATH"
  env: { LEVEL: step, OWN: '\${{ env.LEVEL }}' }
- run: echo "second $LEVEL $LATER \${{ env.LATER }}" && my-tool
`)
  expect(result.log).toContain('first top step job')
  expect(result.log).toContain('second job from file from file')
  expect(result.log).toContain('tool ran')
})

test("a step gets GitHub's variables and none of the process that runs it", async () => {
  vi.stubEnv('SANDBOX_TOKEN', 'must-not-leak')
  const result = await runSteps('- run: env | sort', { secrets: { TOKEN: 'also-not' } })
  vi.unstubAllEnvs()
  expect(result.log).not.toMatch(/must-not-leak|also-not|SANDBOX_TOKEN|NODE_ENV/)
  expect(result.log).toMatch(/^GITHUB_REPOSITORY=acme\/platform$/m)
  expect(result.log).toMatch(/^GITHUB_RUN_ID=30433642001$/m)
  expect(result.log).toMatch(/^GITHUB_REF=refs\/heads\/main$/m)
  expect(result.log).toMatch(/^RUNNER_TEMP=\/.*_temp$/m)
})

test('pipefail is on only if the workflow names bash, as on GitHub', async () => {
  const result = await runSteps(`
- run: false | cat
- run: false | cat
  shell: bash
`)
  expect(result.steps('only')).toEqual(['Run false | cat: success', 'Run false | cat: failure'])
})

test('a failed step skips the rest, except steps with failure() or always()', async () => {
  const result = await runSteps(`
- { id: a, name: a, run: 'echo partial=yes >> "$GITHUB_OUTPUT"; exit 1' }
- { name: b, run: 'true' }
- { name: c, if: failure(), run: 'echo "a was \${{ steps.a.outcome }} with \${{ steps.a.outputs.partial }}"' }
- { name: d, if: "always() && job.status == 'failure'", run: 'true' }
- { name: e, if: cancelled(), run: 'true' }
`)
  expect(result.steps('only')).toEqual(['a: failure', 'b: skipped', 'c: success', 'd: success', 'e: skipped'])
  expect(result.log).toContain('a was failure with yes')
})

test('continue-on-error keeps the outcome of a failed step and makes its conclusion a success', async () => {
  const result = await runSteps(`
- { id: a, name: a, continue-on-error: true, run: 'false' }
- { name: b, run: 'echo "\${{ steps.a.outcome }}, \${{ steps.a.conclusion }}"' }
`)
  expect(result.steps('only')).toEqual(['a: success', 'b: success'])
  expect(result.log).toContain('failure, success')
  expect(result.conclusion).toBe('success')
})

test('secrets and values of add-mask are masked in the log', async () => {
  const result = await runSteps(
    `
- run: |
    echo "::add-mask::generated-value"
    echo "secret is $TOKEN and generated-value"
    echo "encoded $(printf %s "$TOKEN" | base64)"
  env: { TOKEN: '\${{ secrets.TOKEN }}' }
- run: echo "pasted \${{ secrets.TOKEN }}"
`,
    { secrets: { TOKEN: 'hunter2-hunter2' } },
  )
  expect(JSON.stringify(result.events)).not.toMatch(/hunter2/)
  expect(result.log).toContain('secret is *** and ***')
  expect(result.log).toContain('pasted ***')
  expect(result.log).toMatch(/encoded .*\*\*\*/)
})

test('workflow commands become annotations, and stop-commands turns them off', async () => {
  const result = await runSteps(`
- run: |
    echo "::error file=a.ts::broken"
    echo "::group::Details"
    echo "::debug::invisible"
    echo "::stop-commands::2nd-token"
    echo "::warning::as text"
    echo "::2nd-token::"
    echo "::warning::as warning"
`)
  const said = result.log.slice(result.log.indexOf('##[error]'))
  expect(said.split('\n').slice(0, 6)).toEqual([
    '##[error]broken',
    '##[group]Details',
    '::stop-commands::2nd-token',
    '::warning::as text',
    '::2nd-token::',
    '##[warning]as warning',
  ])
})

test('a retired command fails the step and names its replacement', async () => {
  const result = await runSteps(`- { name: old, run: 'echo "::set-env name=A::b"' }`)
  expect(result.steps('only')).toEqual(['old: failure'])
  expect(result.log).toContain('$GITHUB_ENV')
})

test('a step that exceeds its time fails, and its processes are ended', async () => {
  const result = await runSteps(`
- { name: slow, timeout-minutes: 0.05, run: 'sleep 600 & echo "child $!"; wait' }
- { name: after, if: failure(), run: 'true' }
`)
  expect(result.steps('only')).toEqual(['slow: failure', 'after: success'])
  const child = Number(/child (\d+)/.exec(result.log)?.[1])
  await vi.waitFor(() => expect(isRunning(child)).toBe(false))
})

test('a job that exceeds its time is cancelled, as on GitHub', async () => {
  const result = await runSteps(
    `
- { name: slow, run: sleep 600 }
- { name: tidy, if: always(), run: 'true' }
`,
    { job: 'timeout-minutes: 0.005' },
  )
  expect(result.steps('only')).toEqual(['slow: cancelled', 'tidy: success'])
  expect(result.conclusion).toBe('cancelled')
})

test('defaults.run sets shell and directory, and a step can override the directory', async () => {
  const result = await runSteps(
    `
- run: mkdir -p sub other
  working-directory: .
- run: echo "in $(basename "$PWD")"
- run: echo "in $(basename "$PWD")"
  working-directory: other
`,
    { job: 'defaults: { run: { shell: sh, working-directory: sub } }' },
  )
  expect(result.log).toMatch(/^in sub$/m)
  expect(result.log).toMatch(/^in other$/m)
  expect(result.log).toContain('shell: sh -e {0}')
})

test('background processes run until the job ends, and no longer', async () => {
  const result = await runSteps(`
- run: |
    sleep 600 > /dev/null 2>&1 &
    echo "server $!" && echo "PID=$!" >> "$GITHUB_ENV"
- run: kill -0 "$PID"
`)
  expect(result.conclusion).toBe('success')
  const child = Number(/server (\d+)/.exec(result.log)?.[1])
  await vi.waitFor(() => expect(isRunning(child)).toBe(false))
})
