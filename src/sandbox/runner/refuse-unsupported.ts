import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { isBasicExpression, isString } from '@actions/workflow-parser'
import { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { itemsAt, literalAt, mappingAt, tokenAt } from '~/sandbox/runner/expressions'
import { checkoutInputs } from '~/sandbox/runner/run-checkout'
import { shells } from '~/sandbox/runner/run-shell'
import type { RunRequest, UnsupportedConstruct } from '~/sandbox/runner/types'
import { actionFileNames, readActionFile, type WorkflowFile } from '~/sandbox/runner/workflow-files'

type Found = readonly UnsupportedConstruct[]

const unsupportedJobKeys = ['concurrency', 'container', 'services', 'snapshot'] as const
const unsupportedStepKeys = ['background', 'wait', 'wait-all', 'cancel', 'parallel'] as const

/** The constructs of a workflow file that this runner cannot run, with their places. */
export function unsupportedInWorkflow(root: TemplateToken): Found {
  const jobs = [...(mappingAt(root, 'jobs') ?? [])]
  const found = jobs.flatMap(({ key, value }) => {
    const place = `jobs.${key.toString()}`
    const job = unsupportedJobKeys.filter((name) => tokenAt(value, name) !== undefined)
    return [
      ...job.map((construct) => ({ construct, place })),
      ...unsupportedCall(literalAt(value, 'uses'), place),
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

/** The local actions that steps use, as written (`./.github/actions/x`). */
function localActions(root: TemplateToken): readonly string[] {
  const uses = [...TemplateToken.traverse(root)].flatMap(([parent, token]) =>
    parent !== undefined &&
    literalAt(parent, 'uses') !== undefined &&
    tokenAt(parent, 'uses') === token &&
    isString(token)
      ? [token.value]
      : [],
  )
  return [...new Set(uses.filter((name) => name.startsWith('./') && !name.startsWith('./.github/workflows/')))]
}

/** Only whole runs have a concurrency group here, so a called workflow cannot have one of its own. */
export function unsupportedInCalled({ path, root }: WorkflowFile): Found {
  return tokenAt(root, 'concurrency') === undefined
    ? []
    : [{ construct: 'concurrency of a called workflow', place: path }]
}

/** Only workflows of the same repository can be called. */
function unsupportedCall(uses: string | undefined, place: string): Found {
  return uses === undefined || /^[.$]\//.test(uses) ? [] : [{ construct: `uses: ${uses}`, place }]
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

/** Only the labels of a Linux machine are supported: a job for Windows would fail here in surprising ways. */
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

/** The evaluator would fail on `hashFiles` in the middle of a run, so it is refused before. */
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
 * Reads the local actions at the run's commit, so that a run is refused before it starts. A missing action is left to its
 * step, because a step may check out another commit.
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

/** A file at a commit of a bare repository, or `undefined` if the commit has no such file. */
export async function readCommittedFile(gitDir: string, sha: string, path: string): Promise<string | undefined> {
  try {
    const { stdout } = await runFile('git', ['--git-dir', gitDir, 'cat-file', 'blob', `${sha}:${path}`])
    return stdout
  } catch (error) {
    // Git exits with 128 if there is no such path. Other errors, such as a missing git, are thrown.
    if (error instanceof Error && 'code' in error && error.code === 128) return undefined
    throw error
  }
}
