import { expect, test } from 'vitest'
import { resolveInputs } from '~/sandbox/runner/dispatch-inputs'
import { readWorkflowFile } from '~/sandbox/runner/workflow-files'

const text = `
on:
  workflow_dispatch:
    inputs:
      id: { type: string, default: '' }
      environment: { type: choice, required: true, options: [staging, production] }
      dry: { type: boolean, default: true }
      count: { type: number, default: 3 }
jobs: { only: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] } }
`

async function declared() {
  const reading = await readWorkflowFile('w.yml', text)
  return 'workflow' in reading ? (reading.workflow.inputs ?? []) : []
}

test('declared inputs are read with type, default, options and whether they are required', async () => {
  expect(await declared()).toEqual([
    { name: 'id', type: 'string', required: false, default: '', options: [] },
    { name: 'environment', type: 'choice', required: true, default: undefined, options: ['staging', 'production'] },
    { name: 'dry', type: 'boolean', required: false, default: 'true', options: [] },
    { name: 'count', type: 'number', required: false, default: '3', options: [] },
  ])
})

test('defaults fill the inputs that a dispatch leaves out', async () => {
  expect(resolveInputs(await declared(), { environment: 'staging' })).toEqual({
    inputs: { id: '', environment: 'staging', dry: 'true', count: '3' },
  })
})

test.each([
  [{}, "Required input 'environment' not provided"],
  [{ environment: 'moon' }, "Provided value 'moon' for input 'environment' not in the list of allowed values"],
  [{ environment: 'staging', extra: '1' }, 'Unexpected inputs provided: ["extra"]'],
  [{ environment: 'staging', dry: 'maybe' }, "Provided value 'maybe' for input 'dry' is not a boolean"],
  [{ environment: 'staging', count: 'many' }, "Provided value 'many' for input 'count' is not a number"],
])("the inputs %j are refused with GitHub's message", async (provided, message) => {
  expect(resolveInputs(await declared(), { ...provided } as Record<string, string>)).toEqual({ errors: [message] })
})
