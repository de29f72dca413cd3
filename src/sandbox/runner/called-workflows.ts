import type { FileProvider } from '@actions/workflow-parser/workflows/file-provider'
import type { ContextValue, Scope } from '~/sandbox/runner/expressions'
import { evaluateToken, textOf, textsOf } from '~/sandbox/runner/expressions'
import { readCommittedFile } from '~/sandbox/runner/refuse-unsupported'
import type { RunRequest } from '~/sandbox/runner/types'
import { type CallDefinition, readWorkflowFile, type WorkflowFile } from '~/sandbox/runner/workflow-files'

/** GitHub's limit, with the workflow of the run as the first level. */
const deepestNesting = 10

type CalledWorkflows =
  | { readonly called: ReadonlyMap<string, WorkflowFile> }
  /** GitHub's own errors. It accepts the dispatch, and the run ends before any job exists (`startup_failure`). */
  | { readonly errors: readonly string[] }

/** Reads every workflow that a run calls, at the run's commit, and checks what each call gives it. */
export async function readCalledWorkflows(request: RunRequest, workflow: WorkflowFile): Promise<CalledWorkflows> {
  const called = new Map<string, WorkflowFile>()
  const errors: string[] = []
  const textAt = async (path: string) =>
    path === workflow.path
      ? request.workflowText
      : await readCommittedFile(request.repository.gitDir, request.sha, path)
  const files: FileProvider = {
    getFileContent: async ({ path }) => {
      const content = await textAt(path)
      if (content === undefined) throw new Error(`${path} not found`)
      return { name: path, content }
    },
  }
  const read = async (path: string): Promise<WorkflowFile | undefined> => {
    const known = called.get(path)
    if (known !== undefined) return known
    const reading = await readWorkflowFile(path, (await textAt(path)) ?? '')
    if ('errors' in reading) errors.push(...reading.errors)
    else called.set(path, reading.workflow)
    return called.get(path)
  }
  const visit = async (caller: WorkflowFile, path: readonly string[], bound: boolean | undefined): Promise<void> => {
    const calling = caller.jobs.filter(({ calls }) => calls !== undefined)
    if (calling.length === 0) return
    if (path.length >= deepestNesting) {
      errors.push(`${path.join(' → ')} calls workflows on more than ${deepestNesting} levels`)
      return
    }
    const checked = await readWorkflowFile(caller.path, (await textAt(caller.path)) ?? '', files)
    if ('errors' in checked) {
      errors.push(...checked.errors)
      return
    }
    for (const { calls, mayHaveIdToken } of calling) {
      const callee = calls === undefined ? undefined : await read(calls.path)
      if (callee === undefined) continue
      const granted = mayHaveIdToken ?? bound ?? false
      const greedy = callee.jobs.filter((job) => job.mayHaveIdToken === true && !granted)
      errors.push(...greedy.map(({ id }) => tooMuch(callee.path, id)))
      await visit(callee, [...path, callee.path], granted)
    }
  }
  await visit(workflow, [workflow.path], undefined)
  return errors.length > 0 ? { errors: [...new Set(errors)] } : { called }
}

/** A call cannot raise the permissions of its caller. `id-token` is the only one that matters here. */
const tooMuch = (path: string, job: string): string =>
  `${path}: The nested job '${job}' is requesting 'id-token: write', but is only allowed 'id-token: none'.`

/** The `inputs` of a called workflow: what the caller gives, otherwise the default, with the declared types. */
export function calledInputs(
  callee: WorkflowFile,
  definition: CallDefinition,
  caller: Scope,
): Readonly<Record<string, ContextValue>> {
  const given = new Map([...(definition.with ?? [])].map(({ key, value }) => [textOf(key, caller), value]))
  const empty: Readonly<Record<string, ContextValue>> = { boolean: false, number: 0 }
  const { github = {}, vars = {}, inputs = {} } = caller.contexts
  return Object.fromEntries(
    (callee.call?.inputs ?? []).map((input) => {
      const token = given.get(input.name)
      if (token !== undefined) return [input.name, typed(input, evaluateToken(token, caller))]
      const fallback = input.default && evaluateToken(input.default, { contexts: { github, vars, inputs } })
      return [input.name, fallback ?? empty[input.type] ?? '']
    }),
  )
}

/** GitHub accepts only values of the declared type, where text may hold a boolean or a number. */
function typed({ name, type }: { readonly name: string; readonly type: string }, value: ContextValue): ContextValue {
  if (type === 'boolean' && typeof value !== 'boolean' && value !== 'true' && value !== 'false') {
    throw new Error(`The input '${name}' must be a boolean, not '${String(value)}'.`)
  }
  if (type === 'boolean') return value === true || value === 'true'
  if (type === 'number' && (value === '' || Number.isNaN(Number(value)))) {
    throw new Error(`The input '${name}' must be a number, not '${String(value)}'.`)
  }
  return type === 'number' ? Number(value) : String(value ?? '')
}

/** A called workflow has the secrets that its caller gives, or with `inherit` all of the caller's. */
export function calledSecrets(
  definition: CallDefinition,
  own: Readonly<Record<string, string>>,
  caller: Scope,
): Readonly<Record<string, string>> {
  if (definition.secrets === 'inherit') return own
  return textsOf(definition.secrets, { contexts: { ...caller.contexts, secrets: { ...own } } })
}
