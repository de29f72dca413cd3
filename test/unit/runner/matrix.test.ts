import { expect, test } from 'vitest'
import { legName, strategyOf } from '~/sandbox/runner/matrix'
import { readWorkflowFile } from '~/sandbox/runner/workflow-files'

/** The legs of a job with this `strategy`, each with its title and its values. */
async function legs(strategy: string, name?: string) {
  const title = name === undefined ? '' : `\n    name: ${name}`
  const text = `on: push\njobs:\n  job:${title}\n    strategy: ${strategy}\n    runs-on: ubuntu-latest\n    steps: [{ run: 'true' }]`
  const reading = await readWorkflowFile('w.yml', text)
  if ('errors' in reading) throw new Error(reading.errors.join('\n'))
  const [job] = reading.workflow.jobs
  if (job?.strategy === undefined) throw new Error('The job has no strategy')
  const scope = { contexts: { needs: { plan: { outputs: { regions: '["eu", "us"]' } } }, matrix: null } }
  const plan = strategyOf(job.strategy, scope)
  return {
    ...plan,
    names: plan.legs.map((leg) => legName(job.name, job.id, leg, { contexts: { matrix: leg.matrix } })),
    values: plan.legs.map(({ matrix }) => matrix),
  }
}

test('a matrix is the cross product of its vectors, in the order of its keys, and each name ends in the values', async () => {
  const { names, failFast, maxParallel } = await legs('{ matrix: { node: [20, 24], os: [linux, mac] } }')
  expect(names).toEqual(['job (20, linux)', 'job (20, mac)', 'job (24, linux)', 'job (24, mac)'])
  expect([failFast, maxParallel]).toEqual([true, 4])
})

test("`include` extends the combinations that it fits, and creates one of its own otherwise (GitHub's own example)", async () => {
  const { names, values } = await legs(
    `{ matrix: { fruit: [apple, pear], animal: [cat, dog], include: [
      { color: green }, { color: pink, animal: cat }, { fruit: apple, shape: circle }, { fruit: banana }, { fruit: banana, animal: cat }] } }`,
  )
  expect(values).toEqual([
    { fruit: 'apple', animal: 'cat', color: 'pink', shape: 'circle' },
    { fruit: 'apple', animal: 'dog', color: 'green', shape: 'circle' },
    { fruit: 'pear', animal: 'cat', color: 'pink' },
    { fruit: 'pear', animal: 'dog', color: 'green' },
    { fruit: 'banana' },
    { fruit: 'banana', animal: 'cat' },
  ])
  expect(names.slice(3)).toEqual(['job (pear, dog)', 'job (banana)', 'job (banana, cat)'])
})

test('`exclude` removes every combination that has its values, also those inside objects', async () => {
  const { names } = await legs(
    '{ matrix: { os: [{ name: linux, arm: true }, { name: linux, arm: false }], node: [20, 24], exclude: [{ os: { arm: true }, node: "24" }] } }',
  )
  expect(names).toEqual(['job (linux, true, 20)', 'job (linux, false, 20)', 'job (linux, false, 24)'])
})

test('a matrix may come from the outputs of an earlier job, and a name with an expression stands alone', async () => {
  const { names } = await legs(
    `{ fail-fast: false, max-parallel: 1, matrix: { region: '\${{ fromJSON(needs.plan.outputs.regions) }}' } }`,
    `'Apply to \${{ matrix.region }}'`,
  )
  expect(names).toEqual(['Apply to eu', 'Apply to us'])
})

test('a matrix without a combination is an error', async () => {
  await expect(legs(`{ matrix: { region: '\${{ fromJSON(needs.none || ''[]'') }}' } }`)).rejects.toThrow(
    "Matrix vector 'region' does not contain any values",
  )
})
