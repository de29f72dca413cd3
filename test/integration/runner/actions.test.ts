import { expect, test } from 'vitest'
import { createRepository } from './git-repository'
import { run, runRequest } from './run-support'

const greet = `
name: Greet
description: Says hello
inputs:
  who: { description: Whom, required: true }
  greeting: { description: How, default: Hello }
outputs:
  said: { description: What was said, value: '\${{ steps.say.outputs.said }}' }
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: { WHO: '\${{ inputs.who }}' }
      run: |
        echo "said=\${{ inputs.greeting }}, $WHO" >> "$GITHUB_OUTPUT"
        echo "path $(basename "$GITHUB_ACTION_PATH"), env $FROM_CALLER"
    - { name: never, if: failure(), shell: bash, run: echo not here }
`

const nested = `
name: Nested
description: Calls another action
inputs: { who: { description: Whom, required: true } }
outputs: { said: { description: What, value: '\${{ steps.inner.outputs.said }}' } }
runs:
  using: composite
  steps:
    - { id: inner, uses: ./actions/greet, with: { who: '\${{ inputs.who }}', greeting: Howdy } }
`

const failing = `
name: Failing
description: Fails, after leaving an output
outputs: { why: { description: Why, value: '\${{ steps.a.outputs.why }}' } }
runs:
  using: composite
  steps:
    - { id: a, shell: bash, run: 'echo why=because >> "$GITHUB_OUTPUT"; exit 1' }
    - { shell: bash, run: echo skipped }
    - { if: failure(), shell: bash, run: echo inner cleanup }
`

const files = {
  'actions/greet/action.yml': greet,
  'actions/nested/action.yaml': nested,
  'actions/failing/action.yml': failing,
  'README.md': 'main\n',
}

function runSteps(steps: string, repository = createRepository(files)) {
  return run(
    runRequest(repository, {
      workflowText: `
on: workflow_dispatch
jobs:
  only:
    runs-on: ubuntu-latest
    steps:
${steps.replace(/^\n/, '').trimEnd().replaceAll(/^/gm, '      ')}
`,
      secrets: { TOKEN: 'secret-of-the-caller' },
    }),
  )
}

test('a local action gets its inputs and defaults, and returns its outputs', async () => {
  const result = await runSteps(`
- uses: actions/checkout@v5
- { id: greet, uses: ./actions/greet, with: { who: 'a "quoted" $(name)' }, env: { FROM_CALLER: yes } }
- run: echo "got $SAID"
  env: { SAID: '\${{ steps.greet.outputs.said }}' }
`)
  expect(result.log).toContain('got Hello, a "quoted" $(name)')
  expect(result.log).toContain('path greet, env yes')
  expect(result.log).not.toContain('not here')
})

test('an action can call another action', async () => {
  const result = await runSteps(`
- uses: actions/checkout@v5
- { id: nested, uses: ./actions/nested, with: { who: you } }
- run: echo "got \${{ steps.nested.outputs.said }}"
`)
  expect(result.log).toContain('got Howdy, you')
})

test('a failing action still returns its outputs, runs its own cleanup, and its caller can react with failure()', async () => {
  const result = await runSteps(`
- uses: actions/checkout@v5
- { id: failing, name: failing, uses: ./actions/failing }
- { name: after, if: failure(), uses: ./actions/greet, with: { who: '\${{ steps.failing.outputs.why }}' } }
`)
  expect(result.steps('only').slice(1)).toEqual(['failing: failure', 'after: success'])
  expect(result.log).toContain('who: because')
  expect(result.log).toContain('inner cleanup')
  expect(result.log).not.toMatch(/^skipped$/m)
})

test('an action that was not checked out fails its step with GitHub’s advice', async () => {
  const result = await runSteps('- { name: early, uses: ./actions/greet, with: { who: you } }')
  expect(result.steps('only')).toEqual(['early: failure'])
  expect(result.log).toContain('Did you forget to run actions/checkout')
})

test('checkout takes a branch, a tag or any commit, and puts it into a path', async () => {
  const repository = createRepository({ ...files })
  const first = repository.git('rev-parse', 'main~1')
  repository.git('tag', 'v1', first)
  repository.git('branch', 'feature/x', first)
  const result = await runSteps(
    `
- uses: actions/checkout@v5
- { uses: actions/checkout@v5, with: { ref: v1, path: tag } }
- { uses: actions/checkout@v5, with: { ref: feature/x, path: branch } }
- { id: old, uses: actions/checkout@v5, with: { ref: ${first}, path: commit } }
- { uses: actions/checkout@v5, with: { path: all, fetch-depth: 0 } }
- run: |
    cat README.md
    for d in tag branch commit; do echo "$d $(git -C "$d" rev-parse HEAD)"; done
    echo "output \${{ steps.old.outputs.commit }}"
    echo "depth $(git rev-list --count HEAD) $(git -C all rev-list --count HEAD)"
`,
    repository,
  )
  expect(result.conclusion, result.log).toBe('success')
  for (const place of ['tag', 'branch', 'commit', 'output']) expect(result.log).toContain(`${place} ${first}`)
  expect(result.log).toMatch(/^main$/m)
  expect(result.log).toMatch(/^depth 1 2$/m)
})

test('checkout refuses a ref that does not exist and a path outside the workspace', async () => {
  const missing = await runSteps('- { name: missing, uses: actions/checkout@v5, with: { ref: nowhere } }')
  expect(missing.log).toContain("A branch or tag with the name 'nowhere' could not be found")
  const outside = await runSteps('- { name: outside, uses: actions/checkout@v5, with: { path: ../../x } }')
  expect(outside.log).toContain('is not under')
  expect(outside.conclusion).toBe('failure')
})
