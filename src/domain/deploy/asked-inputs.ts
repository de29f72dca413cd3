import { z } from 'zod'
import { inSentence } from '~/domain/foreign-text'
import { storableText } from '~/domain/input'

/** The types that GitHub documents for `workflow_dispatch` inputs. */
export const INPUT_TYPES = ['string', 'boolean', 'choice', 'number', 'environment'] as const

/** An input that the operator fills in, as the workflow file declares it. */
export interface AskedInput {
  readonly name: string
  readonly type: (typeof INPUT_TYPES)[number]
  readonly description: string | null
  readonly required: boolean
  readonly default: string | null
  /** The values of a choice or an environment; null: any text is sent, and GitHub may refuse it. */
  readonly options: readonly string[] | null
}

/** GitHub takes at most 25 inputs. */
export const MOST_INPUTS = 25

/** The name of a workflow input (GitHub's syntax of `on.workflow_dispatch.inputs`). */
export const inputName = z.string().regex(/^[A-Za-z_][\w-]{0,99}$/, 'is not the name of an input')

const value = z.union([storableText.max(1_000), z.boolean(), z.number()])

/** What an operator filled in, by name. GitHub passes every value on as text. */
export const askedValues = z
  .record(inputName, value.transform(String))
  .refine((inputs) => Object.keys(inputs).length <= MOST_INPUTS, `has more than ${MOST_INPUTS} inputs`)
export type AskedValues = Readonly<z.output<typeof askedValues>>

/** As stored with a request. Read without the checks of a new request, so that a page never fails with one row. */
export const storedValues = z.record(z.string(), z.string())

/** An input that people would fill in with a secret, which GitHub shows to everybody who can read the repository. */
export const looksSecret = (name: string): boolean => /secret|token|passw|credential|private_?key|api_?key/i.test(name)

/** The values to send: those that were given, or else the defaults. An input without either is left out. */
export function completeValues(asked: readonly AskedInput[], given: AskedValues): AskedValues {
  const entries = asked.map(
    ({ name, default: preset }) => [name, (Object.hasOwn(given, name) ? given[name] : null) ?? preset] as const,
  )
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => entry[1] !== null))
}

/** Why a value does not fit its input, as the end of a sentence; null if it fits. */
export function misfitOf(input: AskedInput, value: string | undefined): string | null {
  const { type, required, options } = input
  if (value === undefined || value === '') return required ? 'is required' : null
  if (options !== null && !options.includes(value)) return `must be one of ${options.map(inSentence).join(', ')}`
  if (type === 'boolean' && value !== 'true' && value !== 'false') return 'must be true or false'
  return type === 'number' && !/^-?\d+(\.\d+)?$/.test(value) ? 'must be a number' : null
}

/** Why one of the values cannot be stored and sent, as a sentence; null if all can. The default of a file is foreign text. */
export function explainUnsendable(values: AskedValues): string | null {
  const [issue] = askedValues.safeParse(values).error?.issues ?? []
  if (issue === undefined) return null
  return `The input ${inSentence(String(issue.path[0] ?? ''))} cannot be sent: ${issue.message}.`
}

/** The first of the values that does not fit, or is not asked for, as a sentence; null if all fit. */
export function explainMisfit(asked: readonly AskedInput[], values: AskedValues): string | null {
  const unknown = Object.keys(values).find((name) => !asked.some((input) => input.name === name))
  if (unknown !== undefined) {
    const names = asked.map(({ name }) => inSentence(name)).join(', ')
    return `The surface does not ask for the input ${inSentence(unknown)}. ${names === '' ? 'It asks for none.' : `It asks for ${names}.`}`
  }
  for (const input of asked) {
    const misfit = misfitOf(input, Object.hasOwn(values, input.name) ? values[input.name] : undefined)
    if (misfit !== null) return `The input ${inSentence(input.name)} ${misfit}.`
  }
  return null
}
