import { readFile } from 'node:fs/promises'
import path from 'node:path'
import {
  convertWorkflowTemplate,
  isBoolean,
  isString,
  NoOperationTraceWriter,
  parseWorkflow,
} from '@actions/workflow-parser'
import { convertActionTemplate, parseAction } from '@actions/workflow-parser/actions/index'
import { isJob } from '@actions/workflow-parser/model/type-guards'
import type { WorkflowJob } from '@actions/workflow-parser/model/workflow-template'
import type { MappingToken } from '@actions/workflow-parser/templates/tokens/mapping-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import type { FileProvider } from '@actions/workflow-parser/workflows/file-provider'
import { isScalar, parseDocument, visit } from 'yaml'
import { type DispatchInput, dispatchInputs } from '~/sandbox/runner/dispatch-inputs'
import { type ContextValue, itemsAt, literalAt, mappingAt, textOf, tokenAt } from '~/sandbox/runner/expressions'
import { type StepDefinition, stepDefinitions } from '~/sandbox/runner/step-definition'
import type { JobPlan } from '~/sandbox/runner/types'

/**
 * The same YAML with every string on one line. For a multi-line string with an expression, GitHub's parser keeps the source
 * text instead of the value, because it serves editors. A run needs the value.
 */
function singleLineStrings(text: string): string {
  const document = parseDocument(text, { uniqueKeys: false })
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && node.value.includes('${{')) node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
}

export interface WorkflowFile {
  readonly path: string
  /** `name:` of the file, or its path, as on GitHub. */
  readonly name: string
  /** The events that start a run. */
  readonly events: readonly string[]
  /** The `workflow_dispatch` inputs. `undefined` if the workflow cannot be dispatched. */
  readonly inputs: readonly DispatchInput[] | undefined
  /** `on.workflow_call`: what a caller gives and gets. `undefined` if the workflow cannot be called. */
  readonly call: WorkflowCall | undefined
  readonly runName: TemplateToken | undefined
  readonly env: MappingToken | undefined
  readonly defaults: MappingToken | undefined
  readonly jobs: readonly JobDefinition[]
  readonly root: TemplateToken
}

interface WorkflowCall {
  readonly inputs: readonly {
    readonly name: string
    readonly type: string
    readonly default: TemplateToken | undefined
  }[]
  readonly outputs: readonly { readonly name: string; readonly value: TemplateToken | undefined }[]
}

export interface JobDefinition {
  readonly id: string
  readonly name: TemplateToken | undefined
  readonly needs: readonly string[]
  readonly condition: string
  readonly env: MappingToken | undefined
  readonly defaults: MappingToken | undefined
  readonly environment: TemplateToken | undefined
  readonly outputs: MappingToken | undefined
  readonly timeoutMinutes: TemplateToken | undefined
  /** Whether the permissions include `id-token: write`. `undefined` if neither the job nor its workflow has permissions. */
  readonly mayHaveIdToken: boolean | undefined
  readonly continueOnError: TemplateToken | undefined
  readonly strategy: TemplateToken | undefined
  readonly steps: readonly StepDefinition[]
  /** The reusable workflow that the job calls in place of steps. */
  readonly calls: CallDefinition | undefined
}

export interface CallDefinition {
  /** The path in the repository: `.github/workflows/y.yml`. */
  readonly path: string
  readonly with: MappingToken | undefined
  readonly secrets: MappingToken | 'inherit' | undefined
}

/**
 * Reads a workflow file with GitHub's own parser. Returns the parser's errors as they are, with line and column. With `files`,
 * the parser also checks the inputs and secrets of each workflow that the file calls.
 */
export async function readWorkflowFile(
  path: string,
  text: string,
  files?: FileProvider,
): Promise<{ readonly workflow: WorkflowFile } | { readonly errors: readonly string[] }> {
  // The text as written gives the right lines and columns in errors. The one-line strings give the values.
  const written = await parseWorkflowText(path, text, files)
  const { root, template, errors } =
    written.errors.length > 0 ? written : await parseWorkflowText(path, singleLineStrings(text))
  if (root === undefined || template === undefined || errors.length > 0) {
    return { errors: errors.length > 0 ? errors : [`${path} is empty.`] }
  }
  const dispatchable = template.events.workflow_dispatch !== undefined
  return {
    workflow: {
      path,
      name: literalAt(root, 'name') ?? path,
      events: Object.keys(template.events),
      inputs: dispatchable
        ? dispatchInputs(mappingAt(mappingAt(tokenAt(root, 'on'), 'workflow_dispatch'), 'inputs'))
        : undefined,
      call:
        'workflow_call' in template.events ? workflowCall(mappingAt(tokenAt(root, 'on'), 'workflow_call')) : undefined,
      runName: tokenAt(root, 'run-name'),
      env: mappingAt(root, 'env'),
      defaults: mappingAt(mappingAt(root, 'defaults'), 'run'),
      jobs: template.jobs.map((job) => jobDefinition(job, mappingAt(mappingAt(root, 'jobs'), job.id.value), root)),
      root,
    },
  }
}

async function parseWorkflowText(path: string, text: string, files?: FileProvider) {
  const { context, value: root } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter())
  const options = { fetchReusableWorkflowDepth: files === undefined ? 0 : 1 }
  const template = root === undefined ? undefined : await convertWorkflowTemplate(context, root, files, options)
  return { root, template, errors: context.errors.getErrors().map((error) => error.message) }
}

/** The run's title: `run-name` evaluated, otherwise the workflow's name. */
export function displayTitle(workflow: WorkflowFile, contexts: Readonly<Record<string, ContextValue>>): string {
  return textOf(workflow.runName, { contexts }).trim() || workflow.name
}

function jobDefinition(job: WorkflowJob, token: MappingToken | undefined, root: TemplateToken): JobDefinition {
  return {
    id: job.id.value,
    name: job.name,
    needs: needsOf(tokenAt(token, 'needs'), token),
    condition: job.if.expression,
    env: mappingAt(token, 'env'),
    defaults: mappingAt(mappingAt(token, 'defaults'), 'run'),
    environment: tokenAt(token, 'environment'),
    outputs: mappingAt(token, 'outputs'),
    timeoutMinutes: tokenAt(token, 'timeout-minutes'),
    mayHaveIdToken: writesIdToken(tokenAt(token, 'permissions') ?? tokenAt(root, 'permissions')),
    continueOnError: tokenAt(token, 'continue-on-error'),
    strategy: job.strategy,
    steps: isJob(job) ? stepDefinitions(job.steps, itemsAt(token, 'steps')) : [],
    calls: isJob(job)
      ? undefined
      : {
          path: job.ref.value.replace(/^[.$]\//, ''),
          with: job['input-values'],
          secrets: job['inherit-secrets'] === true ? 'inherit' : job['secret-values'],
        },
  }
}

function workflowCall(token: MappingToken | undefined): WorkflowCall {
  return {
    inputs: [...(mappingAt(token, 'inputs') ?? [])].map(({ key, value }) => ({
      name: textOf(key, { contexts: {} }),
      type: literalAt(value, 'type') ?? 'string',
      default: tokenAt(value, 'default'),
    })),
    outputs: namedValues(mappingAt(token, 'outputs')),
  }
}

/** The outputs of an action or a called workflow: each is a mapping with a `value`. */
function namedValues(token: MappingToken | undefined) {
  return [...(token ?? [])].map(({ key, value }) => ({
    name: textOf(key, { contexts: {} }),
    value: tokenAt(value, 'value'),
  }))
}

/** A job's permissions replace the workflow's. Only an explicit `id-token: write` or `write-all` grants tokens. */
function writesIdToken(permissions: TemplateToken | undefined): boolean | undefined {
  if (permissions === undefined) return undefined
  if (isString(permissions)) return permissions.value === 'write-all'
  return literalAt(permissions, 'id-token') === 'write'
}

function needsOf(needs: TemplateToken | undefined, job: TemplateToken | undefined): readonly string[] {
  if (needs !== undefined && isString(needs)) return [needs.value]
  return itemsAt(job, 'needs').map((item) => textOf(item, { contexts: {} }))
}

/** A checked run, ready to be executed. */
export interface RunPlan {
  readonly workflow: WorkflowFile
  readonly displayTitle: string
  readonly jobs: readonly JobPlan[]
  /** The `github` and `inputs` contexts, the same for every job. */
  readonly github: Readonly<Record<string, ContextValue>>
  readonly inputs: Readonly<Record<string, ContextValue>>
  /** Every workflow that the run calls, by its path in the repository. */
  readonly called: ReadonlyMap<string, WorkflowFile>
  /** Why the run ends before it has jobs; empty if it can start. */
  readonly startupFailure: readonly string[]
}

export interface CompositeAction {
  readonly name: string
  readonly inputs: readonly {
    readonly name: string
    readonly required: boolean
    readonly default: TemplateToken | undefined
  }[]
  readonly outputs: readonly { readonly name: string; readonly value: TemplateToken | undefined }[]
  readonly steps: readonly StepDefinition[]
  readonly root: TemplateToken
}

/** A composite action, the parser's errors, or the other kind of action that `using` names. */
type ActionReading =
  | { readonly action: CompositeAction }
  | { readonly errors: readonly string[] }
  | { readonly using: string }

export function readActionFile(name: string, text: string): ActionReading {
  const written = parseActionText(name, text)
  const using = literalAt(mappingAt(written.root, 'runs'), 'using')
  if (using !== undefined && using !== 'composite') return { using }
  const { root, template, errors } =
    written.errors.length > 0 ? written : parseActionText(name, singleLineStrings(text))
  if (root === undefined || template === undefined || errors.length > 0) {
    return { errors: errors.length > 0 ? errors : [`${name} is empty.`] }
  }
  const steps = template.runs.using === 'composite' ? template.runs.steps : []
  return {
    action: {
      name: template.name,
      inputs: [...(mappingAt(root, 'inputs') ?? [])].map(({ key, value }) => {
        const required = tokenAt(value, 'required')
        return {
          name: textOf(key, { contexts: {} }),
          required: required !== undefined && isBoolean(required) && required.value,
          default: tokenAt(value, 'default'),
        }
      }),
      outputs: namedValues(mappingAt(root, 'outputs')),
      steps: stepDefinitions(steps, itemsAt(mappingAt(root, 'runs'), 'steps')),
      root,
    },
  }
}

function parseActionText(name: string, text: string) {
  const { context, value: root } = parseAction({ name, content: text }, new NoOperationTraceWriter())
  const template = root === undefined ? undefined : convertActionTemplate(context, root)
  return { root, template, errors: context.errors.getErrors().map((error) => error.message) }
}

export const actionFileNames = ['action.yml', 'action.yaml'] as const

/** The text of the action in a directory, or `undefined` if there is none. */
export async function readActionText(directory: string): Promise<string | undefined> {
  for (const name of actionFileNames) {
    try {
      return await readFile(path.join(directory, name), 'utf8')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return undefined
}
