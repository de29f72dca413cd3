import { expect, test } from 'vitest'
import { textOf } from '~/sandbox/runner/expressions'
import { unsupportedInWorkflow } from '~/sandbox/runner/refuse-unsupported'
import { displayTitle, readWorkflowFile } from '~/sandbox/runner/workflow-files'

async function read(text: string) {
  const reading = await readWorkflowFile('.github/workflows/w.yml', text)
  if ('errors' in reading) throw new Error(reading.errors.join('\n'))
  return reading.workflow
}

test('an invalid file is refused with the place of every problem', async () => {
  const reading = await readWorkflowFile('w.yml', `on: push\njobs:\n  a:\n    steps:\n      - run: \${{ nope.x }}\n`)
  expect(reading).toEqual({
    errors: [expect.stringContaining('Unrecognized named-value'), expect.stringMatching(/Line: 4, Col: 5.*runs-on/)],
  })
})

test('jobs that need each other in a circle are refused', async () => {
  const job = (needs: string) => `{ runs-on: ubuntu-latest, needs: ${needs}, steps: [{ run: 'true' }] }`
  const reading = await readWorkflowFile('w.yml', `on: push\njobs:\n  a: ${job('b')}\n  b: ${job('a')}\n`)
  expect('errors' in reading && reading.errors.length).toBeGreaterThan(0)
})

test("the title of a run is its evaluated run-name, or else the workflow's name", async () => {
  const rest = "on: push\njobs: { a: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }"
  const contexts = { inputs: { id: '42' } }
  expect(displayTitle(await read(`name: Ship\nrun-name: 'Ship [\${{ inputs.id }}]'\n${rest}`), contexts)).toBe(
    'Ship [42]',
  )
  expect(displayTitle(await read(`name: Ship\n${rest}`), contexts)).toBe('Ship')
  expect(displayTitle(await read(rest), contexts)).toBe('.github/workflows/w.yml')
})

test('strings of several lines keep their value if they contain expressions', async () => {
  const workflow = await read(`
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - name: >-
          \${{ 'folded' }}
          into one line
        run: |
          cat <<END
            \${{ 'indented' }} by "two"
          END
`)
  const [step] = workflow.jobs[0]?.steps ?? []
  expect(textOf(step?.name, { contexts: {} })).toBe('folded into one line')
  expect(step?.work.kind === 'run' && textOf(step.work.script, { contexts: {} })).toBe(
    'cat <<END\n  indented by "two"\nEND\n',
  )
})

const step = '[{ run: "true" }]'
test.each([
  ['a container', `runs-on: ubuntu-latest, container: node, steps: ${step}`, 'container', 'jobs.a'],
  ['concurrency of a job', `runs-on: ubuntu-latest, concurrency: one, steps: ${step}`, 'concurrency', 'jobs.a'],
  ['services', `runs-on: ubuntu-latest, services: { db: { image: x } }, steps: ${step}`, 'services', 'jobs.a'],
  [
    'a call of another repository',
    'uses: a/b/.github/workflows/x.yml@v1',
    'uses: a/b/.github/workflows/x.yml@v1',
    'jobs.a',
  ],
  ['another machine', `runs-on: windows-latest, steps: ${step}`, 'runs-on: windows-latest', 'jobs.a'],
  ['a third-party action', 'runs-on: ubuntu-latest, steps: [{ uses: a/b@v1 }]', 'uses: a/b@v1', 'jobs.a.steps[0]'],
  ['a docker action', 'runs-on: ubuntu-latest, steps: [{ uses: "docker://x" }]', 'uses: docker://x', 'jobs.a.steps[0]'],
  ['another shell', 'runs-on: ubuntu-latest, steps: [{ run: x, shell: pwsh }]', 'shell: pwsh', 'jobs.a.steps[0]'],
  [
    'an unknown checkout option',
    'runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v5, with: { submodules: true } }]',
    "actions/checkout with 'submodules'",
    'jobs.a.steps[0]',
  ],
  [
    'hashFiles',
    'runs-on: ubuntu-latest, steps: [{ run: x, if: "hashFiles(1) == 2" }]',
    'hashFiles()',
    'the workflow, line 3',
  ],
])('a workflow with %s is refused with the construct and its place', async (_what, job, construct, place) => {
  const { root } = await read(`on: push\njobs:\n  a: { ${job} }\n`)
  expect(unsupportedInWorkflow(root)).toEqual([{ construct, place }])
})

test('a workflow that this runner supports is not refused', async () => {
  const { root } = await read(`
on: push
concurrency: one
permissions: { contents: read }
defaults: { run: { shell: bash } }
jobs:
  a: { runs-on: [self-hosted, linux], environment: production, steps: [{ uses: ./x }, { uses: actions/checkout@v5 }] }
`)
  expect(unsupportedInWorkflow(root)).toEqual([])
})

test.each([
  ['write of the workflow', 'permissions: { id-token: write }', '', true],
  ['write of the job', '', 'permissions: { id-token: write },', true],
  ['write-all', 'permissions: write-all', '', true],
  ['no permissions', '', '', undefined],
  ['read-all', 'permissions: read-all', '', false],
  ['id-token: none', 'permissions: { id-token: none }', '', false],
  [
    'permissions of a job, which replace the workflow’s',
    'permissions: { id-token: write }',
    'permissions: { contents: read },',
    false,
  ],
])('a job may request a run token only with id-token: write (%s)', async (_what, workflow, job, expected) => {
  const { jobs } = await read(
    `on: push\n${workflow}\njobs:\n  a: { ${job} runs-on: ubuntu-latest, steps: [{ run: x }] }\n`,
  )
  expect(jobs[0]?.mayHaveIdToken).toBe(expected)
})
