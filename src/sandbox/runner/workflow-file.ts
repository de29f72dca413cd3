import { convertWorkflowTemplate, isString, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { isJob } from '@actions/workflow-parser/model/type-guards'
import type { WorkflowJob } from '@actions/workflow-parser/model/workflow-template'
import type { MappingToken } from '@actions/workflow-parser/templates/tokens/mapping-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { type DispatchInput, dispatchInputs } from '~/sandbox/runner/dispatch-inputs'
import { type ContextValue, itemsAt, literalAt, mappingAt, textOf, tokenAt } from '~/sandbox/runner/expressions'
import { singleLineStrings } from '~/sandbox/runner/single-line-strings'
import { type StepDefinition, stepDefinitions } from '~/sandbox/runner/step-definition'

export interface WorkflowFile {
  readonly path: string
  /** `name:` of the file, or its path, as GitHub lists it. */
  readonly name: string
  /** Events that start it. */
  readonly events: readonly string[]
  /** Declared `workflow_dispatch` inputs; `undefined` when it cannot be dispatched at all. */
  readonly inputs: readonly DispatchInput[] | undefined
  readonly runName: TemplateToken | undefined
  readonly env: MappingToken | undefined
  readonly defaults: MappingToken | undefined
  readonly jobs: readonly JobDefinition[]
  readonly root: TemplateToken
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
  /** Whether its permissions hold `id-token: write`. */
  readonly mayHaveIdToken: boolean
  readonly continueOnError: TemplateToken | undefined
  readonly steps: readonly StepDefinition[]
}

/** Reads one workflow file with GitHub's own parser; what that parser objects to is returned in its words, with line and column. */
export async function readWorkflowFile(
  path: string,
  text: string,
): Promise<{ readonly workflow: WorkflowFile } | { readonly errors: readonly string[] }> {
  // Judged as it is written, so that lines and columns are right; executed by its values.
  const written = await parse(path, text)
  const { root, template, errors } = written.errors.length > 0 ? written : await parse(path, singleLineStrings(text))
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
      runName: tokenAt(root, 'run-name'),
      env: mappingAt(root, 'env'),
      defaults: mappingAt(mappingAt(root, 'defaults'), 'run'),
      jobs: template.jobs.map((job) => jobDefinition(job, mappingAt(mappingAt(root, 'jobs'), job.id.value), root)),
      root,
    },
  }
}

async function parse(path: string, text: string) {
  const { context, value: root } = parseWorkflow({ name: path, content: text }, new NoOperationTraceWriter())
  const template = root === undefined ? undefined : await convertWorkflowTemplate(context, root)
  return { root, template, errors: context.errors.getErrors().map((error) => error.message) }
}

/** What GitHub shows as the run's title: `run-name` evaluated, else the workflow's name. */
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
    steps: isJob(job) ? stepDefinitions(job.steps, itemsAt(token, 'steps')) : [],
  }
}

/** A job's own permissions replace the workflow's; none of them holds `id-token` unless it says so. */
function writesIdToken(permissions: TemplateToken | undefined): boolean {
  if (permissions !== undefined && isString(permissions)) return permissions.value === 'write-all'
  return literalAt(permissions, 'id-token') === 'write'
}

function needsOf(needs: TemplateToken | undefined, job: TemplateToken | undefined): readonly string[] {
  if (needs !== undefined && isString(needs)) return [needs.value]
  return itemsAt(job, 'needs').map((item) => textOf(item, { contexts: {} }))
}
