import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayBothMatch, namesOf } from '~/domain/github/workflow-file'
import { parseWorkflowFile } from '~/server/github/workflow-file'

const FILE = `
name: Release
run-name: Release \${{ inputs.id }}
on:
  push:
  workflow_dispatch:
    inputs:
      id:
      size: { type: choice, options: [1, two], default: 1 }
jobs:
  test:
    strategy: { matrix: { node: [20, 24] } }
    steps:
      - uses: actions/checkout@v4
      - run: |
          npm ci
          npm test
  build:
    name: Build \${{ matrix.os }}
    strategy: { matrix: { os: [linux] } }
    steps:
      - name: Pack \${{ github.sha }}
        run: npm pack
  checks:
    uses: ./.github/workflows/checks.yml
  ship:
    name: Ship it
`

describe('a workflow file', () => {
  it('names its jobs and steps as GitHub shows them, with * for what only a run knows', () => {
    expect(namesOf(parseWorkflowFile(FILE))).toEqual([
      'test (*)',
      'test (*) / Run actions/checkout@v4',
      'test (*) / Run npm ci',
      'Build *',
      'Build * / Pack *',
      'checks / *',
      'Ship it',
    ])
  })

  it('tells its trigger, its inputs and the name of its runs', () => {
    const { dispatchable, inputs, runName } = parseWorkflowFile(FILE)
    expect({ dispatchable, runName }).toEqual({ dispatchable: true, runName: `Release \${{ inputs.id }}` })
    expect(inputs.map(({ name, type, options, default: preset }) => [name, type, options, preset])).toEqual([
      ['id', 'string', null, null],
      ['size', 'choice', ['1', 'two'], '1'],
    ])
    const triggers = ['on: workflow_dispatch', 'on: [push, workflow_dispatch]', 'on: push', 'on: { workflow_call: }']
    expect(triggers.map((on) => parseWorkflowFile(`${on}\njobs: {}`).dispatchable)).toEqual([true, true, false, false])
  })
})

describe('two patterns', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 })
  const expression = (text: string) => new RegExp(`^${text.replaceAll('*', '.*')}$`)
  const words = ['', 'a', 'b'].flatMap((x) =>
    ['', 'a', 'b', 'ab', 'ba'].flatMap((y) => ['', 'a', 'b', 'bb'].map((z) => x + y + z)),
  )

  it('may both match wherever one text matches both', () => {
    fc.assert(
      fc.property(pattern, pattern, (a, b) => {
        const text = words.find((word) => expression(a).test(word) && expression(b).test(word))
        if (text !== undefined) expect(mayBothMatch(a, b)).toBe(true)
      }),
    )
  })

  it('with a text without * on one side, match exactly as that pattern does', () => {
    fc.assert(
      fc.property(pattern, fc.constantFrom(...words), (a, text) => {
        expect(mayBothMatch(a, text)).toBe(expression(a).test(text))
        expect(mayBothMatch(text, a)).toBe(expression(a).test(text))
      }),
    )
  })
})
