import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { completeValues, explainMisfit } from '~/domain/deploy/asked-inputs'
import { clipName, matchesPattern, mayBothMatch } from '~/domain/deploy/job-names'
import { namesOf } from '~/domain/github/workflow-file'
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

const JOB = '{ runs-on: ubuntu-latest, steps: [{ run: make ship }] }'
const SHIPPED = ['ship', 'ship / Run make ship']
const aliases = '      - *again\n'.repeat(300)
const steps = Array.from({ length: 3_000 }, (_, index) => `      - run: 'make part-${index} ${'x'.repeat(200)}'\n`)

describe('a file that GitHub accepts', () => {
  it.each([
    ['with `on` in quotes', `"on": workflow_dispatch\njobs: { ship: ${JOB} }`],
    ['with `on` rewritten as YAML 1.1 reads it', `true: { workflow_dispatch: }\njobs: { ship: ${JOB} }`],
    ['with a byte order mark', `\uFEFFon: workflow_dispatch\njobs: { ship: ${JOB} }`],
    ['that names YAML 1.1', `%YAML 1.1\n---\non: workflow_dispatch\njobs: { ship: ${JOB} }`],
    ['between the marks of a document', `---\non: workflow_dispatch\njobs: { ship: ${JOB} }\n...\n`],
    ['with line ends of Windows', `on: workflow_dispatch\r\njobs:\r\n  ship: ${JOB}\r\n`],
    ['with a tag', `on: !event workflow_dispatch\njobs: { ship: ${JOB} }`],
    ['with a dispatch without anything', `on:\n  workflow_dispatch:\njobs: { ship: ${JOB} }`],
    ['with no inputs', `on: { workflow_dispatch: { inputs: {} } }\njobs: { ship: ${JOB} }`],
    [
      'with defaults and conditions',
      `on: workflow_dispatch\ndefaults: { run: { shell: bash } }\njobs: { ship: { if: true, runs-on: ubuntu-latest, steps: [{ if: 'always()', run: make ship }] } }`,
    ],
    [
      'with a strategy without a matrix',
      `on: workflow_dispatch\njobs: { ship: { strategy: { fail-fast: false }, runs-on: ubuntu-latest, steps: [{ run: make ship }] } }`,
    ],
  ])('%s is read', (_, text) => {
    const file = parseWorkflowFile(text)
    expect(file).toMatchObject({ dispatchable: true, inputs: [] })
    expect(namesOf(file)).toEqual(SHIPPED)
  })

  it('may repeat jobs and steps by aliases, however often', () => {
    const text = `on: workflow_dispatch
jobs:
  ship: &job
    steps:
      - &again { run: make ship }
${aliases}  again: *job
`
    const file = parseWorkflowFile(text)
    expect(file.jobs.map(({ name, steps: listed }) => [name, listed.length])).toEqual([
      ['ship', 301],
      ['again', 301],
    ])
  })

  it('may be huge, and its names are compared nevertheless', () => {
    const file = parseWorkflowFile(`on: workflow_dispatch\njobs:\n  ship:\n    steps:\n${steps.join('')}`)
    const names = namesOf(file)
    expect(names).toHaveLength(3_001)
    expect(names.filter((name) => mayBothMatch('ship / Run make part-7 *', name))).toHaveLength(1)
  })

  it('has names of at most 255 characters, also from ids, scripts and actions, and nothing is claimed about longer ones', () => {
    const long = 'x'.repeat(300_000)
    const [job] = parseWorkflowFile(`on: push
jobs:
  ? "${long}"
  : { steps: [{ name: ${long} }, { run: ${long} }, { uses: ${long} }] }
`).jobs
    expect([job?.name, ...(job?.steps ?? []), ...(job?.uses ?? [])].map((name) => name?.length)).toEqual([
      256, 1, 256, 256, 255,
    ])
    expect(job?.name).toBe(`${'x'.repeat(255)}*`)
    expect(clipName(`${'x'.repeat(254)}🚀`)).toBe('x'.repeat(254))
  })

  it('has the names that GitHub shows, also those that look like numbers, quotes, emoji or expressions', () => {
    const text = `on: workflow_dispatch
jobs:
  plain: { name: , steps: [{ name: , uses: ./.github/actions/ship }] }
  number: { name: 2024, steps: [{ run: 5 }, { name: true, run: x }] }
  quotes: { name: "It's 🚀 \\"live\\"", steps: [{ uses: actions/checkout@v5 }] }
  braces: { name: "To \${{ inputs.to || '}}' }} (\${{ github.ref }})" }
  lines: { steps: [{ run: "\\n\\n  deploy \${{ inputs.a ||\\n inputs.b }} now\\nexit" }] }
  image: { steps: [{ uses: "docker://alpine:3" }] }
  blank: { name: '', steps: [{ name: ' ', run: x }] }
  planned: { strategy: "\${{ fromJSON(needs.plan.outputs.strategy) }}", steps: [{ run: x }] }
  legs: { strategy: { matrix: "\${{ fromJSON(needs.plan.outputs.matrix) }}" }, uses: acme/ops/.github/workflows/ship.yml@v2 }
`
    expect(namesOf(parseWorkflowFile(text))).toEqual([
      'plain',
      'plain / Run ./.github/actions/ship',
      '2024',
      '2024 / Run 5',
      '2024 / true',
      'It\'s 🚀 "live"',
      'It\'s 🚀 "live" / Run actions/checkout@v5',
      'To * (*)',
      'lines',
      'lines / Run deploy * now',
      'image',
      'image / Run *alpine:3',
      '*',
      '* / *',
      'planned*',
      'planned* / Run x',
      'legs (*) / *',
    ])
  })

  it('has inputs whose values are text, whatever YAML makes of them', () => {
    const text = `on:
  workflow_dispatch:
    inputs:
      empty:
      size: { type: choice, options: [1, 2.5, true, null, two], default: 2.5, description: 7 }
      account: { default: 123456789012, required: true }
      dry: { type: boolean }
      day: { type: date, default: 2026-11-29 }
      toString: { required: true }
jobs: { ship: ${JOB} }
`
    const { inputs } = parseWorkflowFile(text)
    const size = { options: ['1', '2.5', 'true', '', 'two'], default: '2.5', description: '7' }
    expect(Object.fromEntries(inputs.map(({ name, ...input }) => [name, input]))).toMatchObject({
      empty: { type: 'string', default: null, required: false },
      size: { type: 'choice', ...size },
      account: { default: '123456789012', required: true },
      dry: { type: 'boolean', default: 'false' },
      day: { type: 'string', default: '2026-11-29' },
    })
    expect(completeValues(inputs, { empty: 'x' })).toEqual({
      empty: 'x',
      size: '2.5',
      account: '123456789012',
      dry: 'false',
      day: '2026-11-29',
    })
    expect(explainMisfit(inputs, { account: '1' })).toContain('toString')
  })
})

describe('a file that GitHub refuses', () => {
  it.each([
    ['several documents', `on: push\njobs: {}\n---\non: push\n`, /multiple documents/],
    ['an input that is declared twice', 'on: { workflow_dispatch: { inputs: { a: {}, a: {} } } }', /unique/],
    ['no trigger', 'jobs: {}', /^`on` is missing/],
    ['a list of inputs', 'on: { workflow_dispatch: { inputs: [a] } }', /^`on\.workflow_dispatch\.inputs` is/],
    ['jobs without a mapping', 'on: push\njobs: [a]', /^`jobs` is/],
    ['nothing', '', /^it is not a mapping/],
    ['another kind of text', '# Release\n\nHow to *release*.', /^it is not a mapping|alias/i],
  ])('with %s is not read, and says why in one line', (_, text, why) => {
    expect(() => parseWorkflowFile(text)).toThrow(why)
  })

  it('with aliases that multiply is not read, before they fill the memory', () => {
    const list = (name: string, of: string) => `${name}: &${name} [${Array.from({ length: 9 }, () => of).join(', ')}]\n`
    const bomb = ['b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => list(name, `*${'abcdef'[index]}`)).join('')
    expect(() => parseWorkflowFile(`on: push\njobs: {}\n${list('a', 'x')}${bomb}`)).toThrow(/alias/)
  })
})

describe('a pattern', () => {
  const parts = fc.string({ unit: fc.constantFrom('a', 'b', '*', '('), maxLength: 7 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '(', '\n'), maxLength: 9 })

  it('matches the texts that its regular expression matches', () => {
    fc.assert(
      fc.property(parts, text, (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('(', '\\(').replaceAll('*', '.*')}$`, 's')
        expect(matchesPattern(pattern, name)).toBe(expression.test(name))
      }),
      { numRuns: 1_000 },
    )
  })

  it('with many * is compared with a text of a megabyte, alone and with another pattern', () => {
    const long = 'x, '.repeat(350_000)
    const many = `${'*, '.repeat(40)}*y`
    expect(matchesPattern(many, long)).toBe(false)
    expect(matchesPattern(many, `${long}y`)).toBe(true)
    expect(mayBothMatch(many, `${long}*`)).toBe(true)
    expect(mayBothMatch(many, `${long}*z`)).toBe(false)
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
