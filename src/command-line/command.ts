import { parseArgs } from 'node:util'
import type { z } from 'zod'

// How the calls of `npm run console -- …` and of the operator's command line are read (docs/adr/059).

interface Option {
  readonly type: 'string' | 'boolean'
  /** May be given again. The value is then a list. */
  readonly multiple?: boolean
  /** The placeholder of a `string` in the help: `<file>`. */
  readonly value?: string
  readonly summary: string
}

/** `Context` is what a command is given, `Outcome` what it returns. */
export interface Command<Context, Outcome> {
  /** `audit verify`, or one word. */
  readonly name: string
  readonly summary: string
  /** Never a secret: every user of the machine can read the arguments of a process. */
  readonly options: Readonly<Record<string, Option>>
  /** The one positional argument. */
  readonly operand: { readonly name: string; readonly value: string } | undefined
  /** Validates the options. A failure is a usage error. */
  readonly prepare: (values: unknown) => PreparedCommand<Context, Outcome>
}

type PreparedCommand<Context, Outcome> =
  | { readonly usageError: string }
  | { readonly run: (context: Context) => Promise<Outcome> }

/** Makes a command from its description, the schema of its options and its function. */
export function command<Input, Context, Outcome>(definition: {
  readonly name: string
  readonly summary: string
  readonly options?: Readonly<Record<string, Option>>
  readonly operand?: { readonly name: string; readonly value: string }
  readonly input: z.ZodType<Input>
  readonly run: (context: Context, input: Input) => Promise<Outcome>
}): Command<Context, Outcome> {
  const { name, summary, options = {}, operand, input, run } = definition
  return {
    name,
    summary,
    options,
    operand,
    prepare: (values) => {
      const parsed = input.safeParse(values)
      if (parsed.success) return { run: (context) => run(context, parsed.data) }
      const [issue] = parsed.error.issues
      const at = issue?.path.join('.')
      return { usageError: `${at === operand?.name ? operand?.value : `--${at}`}: ${issue?.message}.` }
    },
  }
}

export type Call<Context, Outcome> =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'usage_error'; readonly text: string }
  | { readonly kind: 'run'; readonly run: (context: Context) => Promise<Outcome> }

/** How a program is called, for its help. */
export interface Caller {
  /** `npm run console --`. */
  readonly call: string
  /** The last lines of the help. */
  readonly notes: readonly string[]
}

/** Reads the command and its options. Does nothing else before all arguments are valid. */
export function readCall<Context, Outcome>(
  args: readonly string[],
  commands: readonly Command<Context, Outcome>[],
  caller: Caller,
): Call<Context, Outcome> {
  const command = commands.find(({ name }) => isPrefix(name.split(' '), args))
  if (command === undefined) return withoutCommand(args, helpOnAll(commands, caller))
  const rest = args.slice(command.name.split(' ').length)
  const help = helpOn(command, caller)
  const usageError = (sentence: string) => ({ kind: 'usage_error' as const, text: `${sentence}\n\n${help}` })
  try {
    const { help: isAskedFor, ...values } = valuesOf(command, rest)
    if (isAskedFor === true) return { kind: 'help', text: help }
    const prepared = command.prepare(values)
    return 'run' in prepared ? { kind: 'run', run: prepared.run } : usageError(prepared.usageError)
  } catch (error) {
    // The message of parseArgs names the wrong argument.
    return usageError(error instanceof Error ? error.message : String(error))
  }
}

function valuesOf({ options, operand }: Pick<Described, 'options' | 'operand'>, args: readonly string[]) {
  const types = Object.entries(options).map(([name, { type, multiple = false }]) => [name, { type, multiple }] as const)
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(types), help: { type: 'boolean', short: 'h' } },
    strict: true,
    allowPositionals: operand !== undefined,
  })
  const [first, second] = positionals
  if (second !== undefined) throw new Error(`Unexpected argument '${second}'.`)
  return operand === undefined ? values : { ...values, [operand.name]: first }
}

function withoutCommand(args: readonly string[], text: string) {
  if (args.join(' ') === '--version') return { kind: 'version' } as const
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text } as const
  const words = args.filter((arg) => !arg.startsWith('-')).join(' ')
  const sentence = words === '' ? 'No command was given.' : `There is no command "${words}".`
  return { kind: 'usage_error', text: `${sentence}\n\n${text}` } as const
}

/** Whether the arguments name one of these commands. */
export const isCallOf = (args: readonly string[], commands: readonly Described[]): boolean =>
  commands.some(({ name }) => isPrefix(name.split(' '), args))

const isPrefix = (words: readonly string[], args: readonly string[]) =>
  words.every((word, index) => args[index] === word)

/** What help says about a command. */
type Described = Pick<Command<never, unknown>, 'name' | 'summary' | 'options' | 'operand'>

/** One line for each command. */
export function listCommands(commands: readonly Described[]): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
}

const helpOnAll = (commands: readonly Described[], { call, notes }: Caller): string =>
  [`Usage: ${call} <command> [options]`, '', ...listCommands(commands), '', ...notes].join('\n')

function helpOn({ name, summary, options, operand }: Described, { call }: Caller): string {
  const entries = Object.entries(options).map(([option, { value, summary: text }]) => {
    return [`--${option}${value === undefined ? '' : ` ${value}`}`, text] as const
  })
  const width = Math.max(0, ...entries.map(([shown]) => shown.length))
  return [
    `Usage: ${call} ${name}${operand === undefined ? '' : ` ${operand.value}`}${entries.map(([shown]) => ` [${shown}]`).join('')}`,
    '',
    `${name} ${summary}.`,
    ...(entries.length === 0 ? [] : ['', ...entries.map(([shown, text]) => `  ${shown.padEnd(width)}  ${text}`)]),
  ].join('\n')
}
