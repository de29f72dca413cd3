import { parseArgs } from 'node:util'
import type { z } from 'zod'
import type { Deps } from '~/server/deps'
import type { Config } from '~/server/platform/config'

export interface CommandContext {
  readonly config: Config
  /** DATABASE_URL, or the URL of the embedded database. */
  readonly databaseUrl: string
  readonly deps: Pick<Deps, 'db' | 'now' | 'newId'>
  /** Writes a line to standard output. Waits while the reader is slower. */
  readonly print: (line: string) => Promise<void>
}

/** `failed` ends the process with 1. The command has printed the reason. */
export type CommandOutcome = 'done' | 'failed'

interface Option {
  readonly type: 'string' | 'boolean'
  /** The placeholder of a `string` in the help: `<file>`. */
  readonly value?: string
  readonly summary: string
}

export interface Command {
  /** `audit verify`, or one word. */
  readonly name: string
  readonly summary: string
  /** Never a secret: every user of the machine can read the arguments of a process. */
  readonly options: Readonly<Record<string, Option>>
  /** The one positional argument. */
  readonly operand: { readonly name: string; readonly value: string } | undefined
  /** Validates the options. A failure is a usage error. */
  readonly prepare: (values: unknown) => PreparedCommand
}

type Offline = Pick<CommandContext, 'print'>
type Runnable =
  | { readonly run: (context: CommandContext) => Promise<CommandOutcome> }
  | { readonly runOffline: (context: Offline) => Promise<CommandOutcome> }
type PreparedCommand = { readonly usageError: string } | Runnable

interface Definition<Input> {
  readonly name: string
  readonly summary: string
  readonly options?: Command['options']
  readonly operand?: Command['operand']
  readonly input: z.ZodType<Input>
}

/** Makes a command from its description, the schema of its options and its function. */
export const command = <Input>(
  definition: Definition<Input> & {
    readonly run: (context: CommandContext, input: Input) => Promise<CommandOutcome>
  },
): Command => prepared(definition, (input) => ({ run: (context) => definition.run(context, input) }))

/** A command that needs neither configuration nor database. */
export const offlineCommand = <Input>(
  definition: Definition<Input> & { readonly run: (context: Offline, input: Input) => Promise<CommandOutcome> },
): Command => prepared(definition, (input) => ({ runOffline: (context) => definition.run(context, input) }))

function prepared<Input>(definition: Definition<Input>, runWith: (input: Input) => Runnable): Command {
  const { name, summary, options = {}, operand, input } = definition
  return {
    name,
    summary,
    options,
    operand,
    prepare: (values) => {
      const parsed = input.safeParse(values)
      if (parsed.success) return runWith(parsed.data)
      const [issue] = parsed.error.issues
      const at = issue?.path.join('.')
      return { usageError: `${at === operand?.name ? operand?.value : `--${at}`}: ${issue?.message}.` }
    },
  }
}

export type Call =
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'usage_error'; readonly text: string }
  | { readonly kind: 'run'; readonly run: (context: CommandContext) => Promise<CommandOutcome> }
  | { readonly kind: 'run_offline'; readonly run: (context: Offline) => Promise<CommandOutcome> }

/** Reads the command and its options. Does nothing else before all arguments are valid. */
export function readCall(args: readonly string[], commands: readonly Command[]): Call {
  const command = commands.find(({ name }) => isPrefix(name.split(' '), args))
  if (command === undefined) return withoutCommand(args, commands)
  const rest = args.slice(command.name.split(' ').length)
  const usageError = (sentence: string): Call => ({ kind: 'usage_error', text: `${sentence}\n\n${helpOn(command)}` })
  try {
    const { help, ...values } = valuesOf(command, rest)
    if (help === true) return { kind: 'help', text: helpOn(command) }
    const prepared = command.prepare(values)
    if ('usageError' in prepared) return usageError(prepared.usageError)
    return 'run' in prepared ? { kind: 'run', run: prepared.run } : { kind: 'run_offline', run: prepared.runOffline }
  } catch (error) {
    // The message of parseArgs names the wrong argument.
    return usageError(error instanceof Error ? error.message : String(error))
  }
}

function valuesOf({ options, operand }: Command, args: readonly string[]) {
  const types = Object.entries(options).map(([name, { type }]) => [name, { type }] as const)
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

function withoutCommand(args: readonly string[], commands: readonly Command[]): Call {
  if (args.join(' ') === '--version') return { kind: 'version' }
  const text = helpOnAll(commands)
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text }
  const words = args.filter((arg) => !arg.startsWith('-')).join(' ')
  const sentence = words === '' ? 'No command was given.' : `There is no command "${words}".`
  return { kind: 'usage_error', text: `${sentence}\n\n${text}` }
}

const isPrefix = (words: readonly string[], args: readonly string[]) =>
  words.every((word, index) => args[index] === word)

/** The image's entry sets it (docs/adr/049). */
const CALL = process.env['CONSOLE_CALL'] ?? 'npm run console --'

function helpOnAll(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    `Usage: ${CALL} <command> [options]`,
    '',
    ...lines,
    '',
    `The database is DATABASE_URL, or the embedded one under DATA_DIR. "${CALL} <command> --help" shows the options.`,
    `"${CALL} --version" prints the version and the commit.`,
  ].join('\n')
}

function helpOn({ name, summary, options, operand }: Command): string {
  const entries = Object.entries(options).map(([option, { value, summary: text }]) => {
    return [`--${option}${value === undefined ? '' : ` ${value}`}`, text] as const
  })
  const width = Math.max(0, ...entries.map(([call]) => call.length))
  return [
    `Usage: ${CALL} ${name}${operand === undefined ? '' : ` ${operand.value}`}${entries.map(([call]) => ` [${call}]`).join('')}`,
    '',
    `${name} ${summary}.`,
    ...(entries.length === 0 ? [] : ['', ...entries.map(([call, text]) => `  ${call.padEnd(width)}  ${text}`)]),
  ].join('\n')
}
