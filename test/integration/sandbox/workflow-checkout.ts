import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface Checkout {
  readonly dir: string
  readonly write: (file: string, text: string) => void
  readonly remove: () => void
}

/** Greets and, if it has a gate, waits until that file exists, so that a test decides how long the run is in progress. */
const hello = `name: Hello
run-name: Hello \${{ inputs.who }} (\${{ inputs.console_deploy_id }})
on:
  workflow_dispatch:
    inputs:
      console_deploy_id: { type: string, default: '' }
      who: { type: string, required: true }
      size: { type: choice, options: [small, large], default: small }
      gate: { type: string, default: '' }
jobs:
  greet:
    name: Greet
    runs-on: ubuntu-latest
    steps:
      - name: Say hello
        env:
          WHO: \${{ inputs.who }}
          SECRET: \${{ secrets.DEPLOY_HOOK_TOKEN }}
        run: |
          echo "Hello, $WHO"
          echo "the token is $SECRET"
      - name: Wait at the gate
        if: inputs.gate != ''
        env:
          GATE: \${{ inputs.gate }}
        run: |
          echo "waiting"
          until [ -e "$GATE" ]; do sleep 0.1; done
  part:
    needs: greet
    runs-on: ubuntu-latest
    steps:
      - name: Say goodbye
        run: echo "Goodbye"
  never:
    if: inputs.who == 'nobody'
    needs: greet
    runs-on: ubuntu-latest
    steps:
      - run: echo "unreachable"
`

const serial = `name: One at a time
on:
  workflow_dispatch:
    inputs:
      gate: { type: string, default: '' }
concurrency:
  group: serial
  cancel-in-progress: false
jobs:
  wait:
    runs-on: ubuntu-latest
    steps:
      - env:
          GATE: \${{ inputs.gate }}
        run: until [ -e "$GATE" ]; do sleep 0.1; done
`

/** Lines up behind its predecessors, or ends them. */
const ordered = `name: In order
run-name: \${{ inputs.who }}
on:
  workflow_dispatch:
    inputs:
      who: { type: string }
      gate: { type: string }
      cancel: { type: boolean }
concurrency:
  group: \${{ inputs.cancel && 'Ends' || 'Lines' }}
  cancel-in-progress: \${{ inputs.cancel }}
  queue: max
jobs:
  wait:
    runs-on: ubuntu-latest
    steps:
      - env:
          GATE: \${{ inputs.gate }}
        run: until [ -e "$GATE" ]; do sleep 0.1; done
`

const pushOnly = `name: On push
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: echo tested
`

const broken = `name: Calls nothing
on: workflow_dispatch
jobs:
  test:
    uses: ./.github/workflows/none.yml
`

const unsupported = `name: Containers
on: workflow_dispatch
jobs:
  test:
    runs-on: ubuntu-latest
    container: node:20
    steps:
      - run: echo tested
`

/** A checkout with small workflows, so that these tests do not depend on the deploy workflows. */
export const createCheckout = (): Checkout => {
  const dir = mkdtempSync(path.join(tmpdir(), 'checkout of sandbox '))
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true })
    writeFileSync(path.join(dir, file), text)
  }
  const workflows = { hello, serial, ordered, broken, 'push-only': pushOnly, unsupported }
  for (const [name, text] of Object.entries(workflows)) write(`.github/workflows/${name}.yml`, text)
  return { dir, write, remove: () => rmSync(dir, { recursive: true, force: true }) }
}
