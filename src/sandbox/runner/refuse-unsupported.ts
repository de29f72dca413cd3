import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { isBasicExpression, isString } from '@actions/workflow-parser'
import { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { itemsAt, literalAt, mappingAt, tokenAt } from '~/sandbox/runner/expressions'
import { checkoutInputs } from '~/sandbox/runner/run-checkout'
import { shells } from '~/sandbox/runner/run-shell'
import type { RunRequest, UnsupportedConstruct } from '~/sandbox/runner/types'
import { actionFileNames, readActionFile } from '~/sandbox/runner/workflow-files'

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
function localActions(root: TemplateToken): readonly string[] {
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

/**
 * Looks into the local actions as they are at the run's commit, so that a run is refused whole instead of half way.
 * An action that is not there is left to its step: on GitHub too, the checkout of that step's job decides.
 */
export async function refusedLocalActions(
  request: RunRequest,
  root: TemplateToken,
): Promise<readonly UnsupportedConstruct[]> {
  const seen = new Set<string>()
  const inspect = async (token: TemplateToken): Promise<readonly UnsupportedConstruct[]> => {
    const found: UnsupportedConstruct[] = []
    for (const uses of localActions(token)) {
      if (seen.has(uses)) continue
      seen.add(uses)
      const text = await readCommittedAction(request, uses)
      if (text === undefined) continue
      const reading = readActionFile(`${uses}/action.yml`, text)
      if ('using' in reading) found.push({ construct: `an action that runs with '${reading.using}'`, place: uses })
      if ('action' in reading) {
        found.push(...unsupportedInAction(reading.action.root, uses), ...(await inspect(reading.action.root)))
      }
    }
    return found
  }
  return await inspect(root)
}

async function readCommittedAction(request: RunRequest, uses: string): Promise<string | undefined> {
  for (const name of actionFileNames) {
    const text = await readCommittedFile(
      request.repository.gitDir,
      request.sha,
      path.posix.normalize(`${uses}/${name}`),
    )
    if (text !== undefined) return text
  }
  return undefined
}

const runFile = promisify(execFile)

/** A file as it is at a commit of a bare repository; `undefined` when the commit has no such file. */
async function readCommittedFile(gitDir: string, sha: string, path: string): Promise<string | undefined> {
  try {
    const { stdout } = await runFile('git', ['--git-dir', gitDir, 'cat-file', 'blob', `${sha}:${path}`])
    return stdout
  } catch (error) {
    // git answers 128 for "no such path"; anything else (no git at all) is worth knowing.
    if (error instanceof Error && 'code' in error && error.code === 128) return undefined
    throw error
  }
}
