import { expect, test } from 'vitest'
import { planRun } from '~/sandbox/runner/execute-run'
import { createRepository } from './git-repository'
import { run, runRequest } from './run-support'

const repository = () => createRepository({})

test('a job waits for the jobs that it needs and gets their outputs', async () => {
  const result = await run(
    runRequest(repository(), {
      workflowText: `
on: workflow_dispatch
jobs:
  second:
    needs: first
    runs-on: ubuntu-latest
    steps: [{ run: 'echo "got \${{ needs.first.outputs.word }} from \${{ needs.first.result }}"' }]
  first:
    runs-on: ubuntu-latest
    outputs: { word: '\${{ steps.say.outputs.word }}' }
    steps: [{ id: say, run: 'echo word=hello >> "$GITHUB_OUTPUT"' }]
`,
    }),
  )
  expect(result.jobs).toEqual(['first: success', 'second: success'])
  expect(result.log).toContain('got hello from success')
})

test('jobs that do not need each other run at the same time', async () => {
  // Each job waits for the file of the other, so neither would end if they ran in turn.
  const meet = (own: string, other: string) =>
    `run: 'touch "$MEET/${own}"; until [ -e "$MEET/${other}" ]; do sleep 0.05; done', timeout-minutes: 0.5`
  const request = runRequest(repository(), {
    workflowText: `
on: workflow_dispatch
env: { MEET: '\${{ vars.MEET }}' }
jobs:
  a: { runs-on: ubuntu-latest, steps: [{ ${meet('a', 'b')} }] }
  b: { runs-on: ubuntu-latest, steps: [{ ${meet('b', 'a')} }] }
`,
  })
  const vars = { repository: { MEET: request.workDir }, environments: {} }
  expect((await run({ ...request, vars })).conclusion).toBe('success')
})

test('after a failure, dependent jobs are skipped unless their condition says otherwise', async () => {
  const result = await run(
    runRequest(repository(), {
      workflowText: `
on: workflow_dispatch
jobs:
  broken: { runs-on: ubuntu-latest, steps: [{ run: exit 3 }] }
  next: { needs: broken, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  after-next: { needs: next, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  alarm: { needs: next, if: failure(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  tidy: { needs: [broken, next], if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`,
    }),
  )
  expect(Object.fromEntries(result.jobs.map((line) => line.split(': ')))).toEqual({
    broken: 'failure',
    next: 'skipped',
    'after-next': 'skipped',
    alarm: 'success',
    tidy: 'success',
  })
  expect(result.conclusion).toBe('failure')
  expect(result.log).toContain('##[error]Process completed with exit code 3.')
})

test('a skipped job skips every later job without a condition, even through a job that ran, as on GitHub', async () => {
  const result = await run(
    runRequest(repository(), {
      workflowText: `
on: workflow_dispatch
jobs:
  a: { if: false, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  b: { needs: a, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  c: { needs: b, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  d: { needs: b, if: "!cancelled() && needs.b.result == 'success'", runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`,
    }),
  )
  expect(result.jobs.toSorted()).toEqual(['a: skipped', 'b: success', 'c: skipped', 'd: success'])
  expect(result.conclusion).toBe('success')
})

test('a failed job with continue-on-error fails neither the run nor its dependent jobs', async () => {
  const result = await run(
    runRequest(repository(), {
      workflowText: `
on: workflow_dispatch
jobs:
  flaky: { continue-on-error: true, runs-on: ubuntu-latest, steps: [{ run: 'false' }] }
  next: { needs: flaky, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`,
    }),
  )
  expect(result.jobs).toEqual(['flaky: failure', 'next: success'])
  expect(result.conclusion).toBe('success')
})

test('the environment of a job selects its variables', async () => {
  const result = await run(
    runRequest(repository(), {
      workflowText: `
on: { workflow_dispatch: { inputs: { where: { type: string, default: staging } } } }
jobs:
  plain: { runs-on: ubuntu-latest, steps: [{ run: 'echo plain "\${{ vars.URL }}"' }] }
  named: { environment: { name: '\${{ inputs.where }}' }, runs-on: ubuntu-latest, steps: [{ run: 'echo named "\${{ vars.URL }} \${{ vars.BASE }}"' }] }
`,
      vars: { repository: { URL: 'repo', BASE: 'base' }, environments: { staging: { URL: 'stage' } } },
    }),
  )
  expect(result.log).toContain('plain repo')
  expect(result.log).toContain('named stage base')
})

test('a job output that contains a secret is dropped', async () => {
  const result = await run(
    runRequest(repository(), {
      workflowText: `
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    outputs: { leak: '\${{ secrets.TOKEN }}', fine: ok }
    steps: [{ run: 'true' }]
  b: { needs: a, runs-on: ubuntu-latest, steps: [{ run: 'echo "[\${{ needs.a.outputs.leak }}] [\${{ needs.a.outputs.fine }}]"' }] }
`,
      secrets: { TOKEN: 'very-secret-token' },
    }),
  )
  expect(result.log).toContain('[] [ok]')
  expect(result.log).toContain("Skip output 'leak' since it may contain secret.")
})

test('a plan reports what GitHub would refuse, and what this runner does not support, before anything runs', async () => {
  const { gitDir, sha } = createRepository({
    'node-action/action.yml': 'name: N\ndescription: N\nruns: { using: node20, main: index.js }\n',
    'outer/action.yml':
      'name: O\ndescription: O\nruns: { using: composite, steps: [{ uses: ./node-action }, { uses: other/action@v1 }] }\n',
  })
  const plan = (workflowText: string, inputs: Record<string, string> = {}) =>
    planRun(runRequest({ gitDir, sha }, { workflowText, event: { name: 'workflow_dispatch', inputs } }))
  const job = (step: string) => `on: workflow_dispatch\njobs: { a: { runs-on: ubuntu-latest, steps: [${step}] } }`

  expect(await plan(job('{ run: x }').replace('workflow_dispatch', 'push'))).toEqual({
    errors: ["Workflow does not have 'workflow_dispatch' trigger"],
  })
  expect(await plan(job('{ run: x }'), { extra: '1' })).toEqual({ errors: ['Unexpected inputs provided: ["extra"]'] })
  expect(await plan(job('{ uses: ./outer }'))).toEqual({
    unsupported: [
      { construct: 'uses: other/action@v1', place: './outer.steps[1]' },
      { construct: "an action that runs with 'node20'", place: './node-action' },
    ],
  })
  expect(await plan(job('{ run: x }'))).toMatchObject({ plan: { jobs: [{ id: 'a', name: 'a', needs: [] }] } })
})
