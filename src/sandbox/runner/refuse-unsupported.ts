import { isBasicExpression, isString } from '@actions/workflow-parser'
import { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { itemsAt, literalAt, mappingAt, tokenAt } from '~/sandbox/runner/expressions'
import { checkoutInputs } from '~/sandbox/runner/run-checkout'
import { shells } from '~/sandbox/runner/run-shell'
import type { UnsupportedConstruct } from '~/sandbox/runner/types'

type Found = readonly UnsupportedConstruct[]

const unsupportedJobKeys = ['strategy', 'container', 'services', 'uses', 'snapshot'] as const
const unsupportedStepKeys = ['background', 'wait', 'wait-all', 'cancel', 'parallel'] as const

/** Everything in a workflow file that this runner cannot do, by name and place; empty when it can run it whole. */
export function unsupportedInWorkflow(root: TemplateToken): Found {
  const jobs = [...(mappingAt(root, 'jobs') ?? [])]
  const found = jobs.flatMap(({ key, value }) => {
    const place = `jobs.${key.toString()}`
    const job = unsupportedJobKeys.filter((name) => tokenAt(value, name) !== undefined)
    return [
      ...job.map((name) => ({ construct: name === 'uses' ? 'a reusable workflow (uses)' : name, place })),
      ...unsupportedRunsOn(value, place),
      ...unsupportedShell(literalAt(mappingAt(mappingAt(value, 'defaults'), 'run'), 'shell'), `${place}.defaults.run`),
      ...unsupportedInSteps(itemsAt(value, 'steps'), place),
    ]
  })
  const shell = literalAt(mappingAt(mappingAt(root, 'defaults'), 'run'), 'shell')
  return [...found, ...unsupportedShell(shell, 'defaults.run'), ...unsupportedFunctions(root, 'the workflow')]
}

/** The same for the steps of a composite action. */
export function unsupportedInAction(root: TemplateToken, place: string): Found {
  return [...unsupportedInSteps(itemsAt(mappingAt(root, 'runs'), 'steps'), place), ...unsupportedFunctions(root, place)]
}

/** Local actions used by a list of steps, as written (`./.github/actions/x`). */
export function localActions(root: TemplateToken): readonly string[] {
  const uses = [...TemplateToken.traverse(root)].flatMap(([parent, token]) =>
    parent !== undefined &&
    literalAt(parent, 'uses') !== undefined &&
    tokenAt(parent, 'uses') === token &&
    isString(token)
      ? [token.value]
      : [],
  )
  return [...new Set(uses.filter((name) => name.startsWith('./')))]
}

function unsupportedInSteps(steps: readonly TemplateToken[], place: string): Found {
  return steps.flatMap((step, index) => {
    const at = `${place}.steps[${index}]`
    const uses = literalAt(step, 'uses')
    return [
      ...unsupportedStepKeys
        .filter((name) => tokenAt(step, name) !== undefined)
        .map((construct) => ({ construct, place: at })),
      ...unsupportedShell(literalAt(step, 'shell'), at),
      ...(uses === undefined ? [] : unsupportedUses(uses, step, at)),
    ]
  })
}

function unsupportedUses(uses: string, step: TemplateToken, place: string): Found {
  if (uses.startsWith('actions/checkout@')) {
    const names = [...(mappingAt(step, 'with') ?? [])].map(({ key }) => key.toString())
    return names
      .filter((name) => !checkoutInputs.includes(name))
      .map((name) => ({ construct: `actions/checkout with '${name}'`, place }))
  }
  return uses.startsWith('./') ? [] : [{ construct: `uses: ${uses}`, place }]
}

/** Labels of a Linux machine; a job for Windows must not run, and fail in surprising ways, on this one. */
function unsupportedRunsOn(job: TemplateToken, place: string): Found {
  const single = literalAt(job, 'runs-on')
  const labels = single === undefined ? itemsAt(job, 'runs-on').map(String) : [single]
  const known =
    labels.length > 0 && labels.every((label) => /^(ubuntu-[\w.-]+|self-hosted|linux|x64|arm64)$/i.test(label))
  if (known || tokenAt(job, 'uses') !== undefined) return []
  return [{ construct: `runs-on: ${labels.join(', ') || 'an expression or group'}`, place }]
}

function unsupportedShell(shell: string | undefined, place: string): Found {
  return shell === undefined || shell in shells ? [] : [{ construct: `shell: ${shell}`, place }]
}

/** Evaluating a file's expressions would meet `hashFiles` only when it gets there; it is refused before anything runs. */
function unsupportedFunctions(root: TemplateToken, place: string): Found {
  return [...TemplateToken.traverse(root)].flatMap(([parent, token]) => {
    const condition = parent !== undefined && tokenAt(parent, 'if') === token && isString(token) ? token.value : ''
    const expression = isBasicExpression(token) ? token.expression : condition
    return /\bhashFiles\s*\(/i.test(expression)
      ? [{ construct: 'hashFiles()', place: `${place}, line ${token.line ?? '?'}` }]
      : []
  })
}
