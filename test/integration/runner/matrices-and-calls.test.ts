import { expect, test } from 'vitest'
import { planRun } from '~/sandbox/runner/execute-run'
import { createRepository } from './git-repository'
import { run, runRequest } from './run-support'

/** The titles of the jobs that were planned, before or during the run. */
const titles = (events: Awaited<ReturnType<typeof run>>['events']) =>
  events.flatMap((event) => (event.type === 'job-expanded' ? event.jobs.map(({ name }) => name) : []))

test('every leg of a matrix runs with its own values, and later jobs see one result and the outputs of all', async () => {
  const result = await run(
    runRequest(createRepository({}), {
      workflowText: `
on: workflow_dispatch
jobs:
  apply:
    strategy: { matrix: { region: [eu, us], include: [{ region: us, size: large }] } }
    environment: \${{ matrix.region }}
    runs-on: ubuntu-latest
    outputs: { eu: '\${{ steps.at.outputs.eu }}', us: '\${{ steps.at.outputs.us }}' }
    steps: [{ id: at, run: 'echo "\${{ matrix.region }}=\${{ vars.PLACE }} \${{ matrix.size }} \${{ strategy.job-index }}/\${{ strategy.job-total }}" >> "$GITHUB_OUTPUT"' }]
  after: { needs: apply, runs-on: ubuntu-latest, steps: [{ run: 'echo "\${{ needs.apply.result }}: \${{ needs.apply.outputs.eu }}, \${{ needs.apply.outputs.us }}"' }] }
`,
      vars: { repository: {}, environments: { eu: { PLACE: 'Paris' }, us: { PLACE: 'Ohio' } } },
    }),
  )
  expect(titles(result.events)).toEqual(['apply (eu)', 'apply (us)'])
  expect(result.log).toContain('success: Paris  0/2, Ohio large 1/2')
})

test('a failed leg cancels the legs that run or wait, unless fail-fast is off', async () => {
  const matrix = (strategy: string) => `
on: workflow_dispatch
env: { GATE: '\${{ vars.GATE }}' }
jobs:
  apply:
    strategy: { matrix: { region: [eu, us, jp] }, ${strategy} }
    runs-on: ubuntu-latest
    steps: [{ run: '[ "\${{ matrix.region }}" != eu ] || exit 1; \${{ matrix.region == ''us'' && vars.US || ''true'' }}' }]
  after: { needs: apply, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`
  const request = runRequest(createRepository({}), { workflowText: matrix('max-parallel: 2') })
  const vars = { repository: { US: 'sleep 60' }, environments: {} }
  const fast = await run({ ...request, vars })
  expect(fast.jobs.toSorted()).toEqual([
    'after: skipped',
    'apply.0: failure',
    'apply.1: cancelled',
    'apply.2: cancelled',
    'apply: failure',
  ])
  expect(fast.conclusion).toBe('failure')
  // The third leg was waiting for its turn, so it has no steps.
  const started = fast.events.flatMap((event) => (event.type === 'job-started' ? [event.job] : []))
  expect(started.toSorted()).toEqual(['apply.0', 'apply.1'])

  const slow = await run({ ...request, workflowText: matrix('fail-fast: false') })
  expect(slow.jobs.toSorted()).toEqual([
    'after: skipped',
    'apply.0: failure',
    'apply.1: success',
    'apply.2: success',
    'apply: failure',
  ])
})

const called = `
on:
  workflow_call:
    inputs:
      region: { type: string, required: true }
      dry_run: { type: boolean, default: true }
      attempts: { type: number, default: 3 }
    secrets: { token: { required: true } }
    outputs: { address: { value: '\${{ jobs.ship.outputs.address }}' } }
jobs:
  check: { if: inputs.dry_run, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  ship:
    name: Ship to \${{ inputs.region }}
    needs: check
    if: '!failure()'
    runs-on: ubuntu-latest
    outputs: { address: 'https://\${{ inputs.region }}.example' }
    steps: [{ run: 'echo "\${{ inputs.attempts == 3 }} \${{ secrets.token == ''very-secret'' }} [\${{ secrets.OTHER }}] \${{ github.workflow }}"' }]
`

test('a called workflow gets typed inputs and the named secrets, gives its outputs, and its jobs bear both names', async () => {
  const result = await run(
    runRequest(createRepository({ '.github/workflows/ship.yml': called }), {
      workflowText: `
name: Release
on: workflow_dispatch
jobs:
  eu:
    strategy: { matrix: { region: [eu, us] } }
    uses: ./.github/workflows/ship.yml
    with: { region: '\${{ matrix.region }}', dry_run: "\${{ matrix.region == 'us' }}" }
    secrets: { token: '\${{ secrets.TOKEN }}' }
  after: { needs: eu, runs-on: ubuntu-latest, steps: [{ run: 'echo "at \${{ needs.eu.outputs.address }}"' }] }
`,
      secrets: { TOKEN: 'very-secret', OTHER: 'not passed on' },
    }),
  )
  expect(titles(result.events).toSorted()).toEqual([
    'eu (eu)',
    'eu (eu) / Ship to eu',
    'eu (eu) / check',
    'eu (us)',
    'eu (us) / Ship to us',
    'eu (us) / check',
  ])
  expect(result.jobs).toContain('eu.0.check: skipped')
  expect(result.jobs).toContain('eu.1.check: success')
  expect(result.log).toContain('true true [] Release')
  expect(result.log).toMatch(/at https:\/\/(eu|us)\.example/)
  expect(result.conclusion).toBe('success')
})

test('a cancelled run cancels the jobs of a called workflow, and a condition still decides which of them run on', async () => {
  const controller = new AbortController()
  const callee = `
on: workflow_call
jobs:
  ship: { runs-on: ubuntu-latest, steps: [{ run: echo ready; sleep 60 }] }
  tidy: { needs: ship, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
`
  const result = await run(
    runRequest(createRepository({ '.github/workflows/ship.yml': callee }), {
      workflowText: 'on: workflow_dispatch\njobs: { call: { uses: ./.github/workflows/ship.yml } }',
    }),
    (event) => event.type === 'log' && event.line === 'ready' && controller.abort(),
    controller.signal,
  )
  expect(result.jobs).toEqual(['call.ship: cancelled', 'call.tidy: success', 'call: cancelled'])
  expect(result.conclusion).toBe('cancelled')
})

test("a called workflow gets run tokens if its caller's permissions have them", async () => {
  const permissions = 'permissions: { id-token: write }'
  const steps = `runs-on: ubuntu-latest, steps: [{ run: 'true' }]`
  const files = {
    '.github/workflows/asks.yml': `on: workflow_call\njobs: { job: { ${permissions}, ${steps} } }`,
    '.github/workflows/inherits.yml': `on: workflow_call\njobs: { job: { ${steps} } }`,
  }
  const granted: string[] = []
  await run(
    runRequest(createRepository(files), {
      workflowText: `
on: workflow_dispatch
jobs:
  with: { uses: ./.github/workflows/asks.yml, ${permissions} }
  below: { uses: ./.github/workflows/inherits.yml, ${permissions} }
`,
      grantIdTokens: (claims) => {
        granted.push(claims['job_workflow_ref'] ?? '')
        return { url: 'http://127.0.0.1:1', token: 'a token of the run', revoke: () => undefined }
      },
    }),
  )
  expect(granted.toSorted()).toEqual([
    'acme/platform/.github/workflows/asks.yml@refs/heads/main',
    'acme/platform/.github/workflows/inherits.yml@refs/heads/main',
  ])
})

test('a run whose call is not valid fails at its start, and one that the runner does not support is refused', async () => {
  const plan = (job: string) =>
    planRun(
      runRequest(
        createRepository({
          '.github/workflows/ship.yml': called,
          '.github/workflows/plain.yml': "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }",
          '.github/workflows/loop.yml': 'on: workflow_call\njobs: { again: { uses: ./.github/workflows/loop.yml } }',
          '.github/workflows/asks.yml': `on: workflow_call\njobs: { a: { permissions: { id-token: write }, runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }`,
          '.github/workflows/alone.yml': `on: workflow_call\nconcurrency: one\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }`,
          '.github/workflows/node.yml':
            'on: workflow_call\njobs: { a: { runs-on: windows-latest, steps: [{ run: x }] } }',
        }),
        { workflowText: `on: workflow_dispatch\njobs: { call: { ${job} } }` },
      ),
    )
  const errors = async (job: string) => {
    const planning = await plan(job)
    if (!('plan' in planning)) throw new Error('refused')
    expect(planning.plan.startupFailure.length > 0 && planning.plan.jobs.length > 0).toBe(false)
    return planning.plan.startupFailure.join('\n')
  }
  const ship = 'uses: ./.github/workflows/ship.yml'
  expect(await errors(`${ship}, secrets: inherit`)).toContain(
    'Input region is required, but not provided while calling.',
  )
  expect(await errors(`${ship}, secrets: inherit, with: { region: eu, other: 1 }`)).toContain(
    'Invalid input, other is not',
  )
  expect(await errors(`${ship}, with: { region: eu }`)).toContain('Secret token is required')
  expect(await errors('uses: ./.github/workflows/asks.yml')).toContain(
    "The nested job 'a' is requesting 'id-token: write', but is only allowed 'id-token: none'.",
  )
  expect(await errors('uses: ./.github/workflows/asks.yml, permissions: write-all')).toBe('')
  expect(await errors('uses: ./.github/workflows/none.yml')).toContain('Unable to find reusable workflow')
  expect(await errors('uses: ./.github/workflows/plain.yml')).toContain('workflow_call key is not defined')
  expect(await errors('uses: ./.github/workflows/loop.yml')).toContain('on more than 10 levels')
  expect(await plan('uses: acme/other/.github/workflows/x.yml@main')).toEqual({
    unsupported: [{ construct: 'uses: acme/other/.github/workflows/x.yml@main', place: 'jobs.call' }],
  })
  expect(await plan('uses: ./.github/workflows/alone.yml')).toEqual({
    unsupported: [{ construct: 'concurrency of a called workflow', place: '.github/workflows/alone.yml' }],
  })
  expect(await plan('uses: ./.github/workflows/node.yml')).toEqual({
    unsupported: [{ construct: 'runs-on: windows-latest', place: 'jobs.a' }],
  })
})
