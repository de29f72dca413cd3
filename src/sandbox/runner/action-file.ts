import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isBoolean, NoOperationTraceWriter } from '@actions/workflow-parser'
import { convertActionTemplate, parseAction } from '@actions/workflow-parser/actions/index'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { itemsAt, literalAt, mappingAt, textOf, tokenAt } from '~/sandbox/runner/expressions'
import { singleLineStrings } from '~/sandbox/runner/single-line-strings'
import { type StepDefinition, stepDefinitions } from '~/sandbox/runner/step-definition'

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

/** A file GitHub's parser objects to, or an action that is not composite: `using` says which kind it is instead. */
export type ActionReading =
  | { readonly action: CompositeAction }
  | { readonly errors: readonly string[] }
  | { readonly using: string }

export function readActionFile(name: string, text: string): ActionReading {
  const written = parse(name, text)
  const using = literalAt(mappingAt(written.root, 'runs'), 'using')
  if (using !== undefined && using !== 'composite') return { using }
  const { root, template, errors } = written.errors.length > 0 ? written : parse(name, singleLineStrings(text))
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
      outputs: [...(mappingAt(root, 'outputs') ?? [])].map(({ key, value }) => ({
        name: textOf(key, { contexts: {} }),
        value: tokenAt(value, 'value'),
      })),
      steps: stepDefinitions(steps, itemsAt(mappingAt(root, 'runs'), 'steps')),
      root,
    },
  }
}

function parse(name: string, text: string) {
  const { context, value: root } = parseAction({ name, content: text }, new NoOperationTraceWriter())
  const template = root === undefined ? undefined : convertActionTemplate(context, root)
  return { root, template, errors: context.errors.getErrors().map((error) => error.message) }
}

export const actionFileNames = ['action.yml', 'action.yaml'] as const

/** The text of the action at `directory`, or `undefined` when there is none. */
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
