import type { MappingToken } from '@actions/workflow-parser/templates/tokens/mapping-token'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { itemsAt, literalAt, textOf, tokenAt } from '~/sandbox/runner/expressions'

export interface DispatchInput {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly default: string | undefined
  /** The permitted values of a `choice`. */
  readonly options: readonly string[]
}

/** Reads the tokens, because the converted template loses inputs of type `number`. */
export function dispatchInputs(inputs: MappingToken | undefined): readonly DispatchInput[] {
  return [...(inputs ?? [])].map(({ key, value }) => {
    const fallback = tokenAt(value, 'default')
    return {
      name: literal(key),
      type: literalAt(value, 'type') ?? 'string',
      required: literal(tokenAt(value, 'required')) === 'true',
      default: fallback === undefined ? undefined : literal(fallback),
      options: itemsAt(value, 'options').map(literal),
    }
  })
}

/** The inputs of a dispatch with their defaults, or GitHub's reasons for a 422. An empty value counts as not provided. */
export function resolveInputs(
  declared: readonly DispatchInput[],
  provided: Readonly<Record<string, string>>,
): { readonly inputs: Readonly<Record<string, string>> } | { readonly errors: readonly string[] } {
  const unexpected = Object.keys(provided).filter((name) => !declared.some((input) => input.name === name))
  const errors = unexpected.length > 0 ? [`Unexpected inputs provided: ${JSON.stringify(unexpected)}`] : []
  const inputs: Record<string, string> = {}
  for (const input of declared) {
    const value = provided[input.name] ?? input.default ?? (input.type === 'boolean' ? 'false' : '')
    const problem = problemWith(input, value)
    if (problem === undefined) inputs[input.name] = value
    else errors.push(problem)
  }
  return errors.length > 0 ? { errors } : { inputs }
}

function problemWith(input: DispatchInput, value: string): string | undefined {
  if (value === '') return input.required ? `Required input '${input.name}' not provided` : undefined
  if (input.type === 'choice' && !input.options.includes(value)) {
    return `Provided value '${value}' for input '${input.name}' not in the list of allowed values`
  }
  if (input.type === 'boolean' && value !== 'true' && value !== 'false') {
    return `Provided value '${value}' for input '${input.name}' is not a boolean`
  }
  if (input.type === 'number' && Number.isNaN(Number(value))) {
    return `Provided value '${value}' for input '${input.name}' is not a number`
  }
  return undefined
}

function literal(token: TemplateToken | undefined): string {
  return textOf(token, { contexts: {} })
}
