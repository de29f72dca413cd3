import type { z } from 'zod'
import type { Deps } from '~/server/deps'
import type { Config } from '~/server/platform/config'

export interface CommandContext {
  readonly config: Config
  /** DATABASE_URL, or the embedded database's. */
  readonly databaseUrl: string
  readonly deps: Pick<Deps, 'db' | 'now' | 'newId'>
  /** Writes a line to standard output; settles when the receiver took it. */
  readonly print: (line: string) => Promise<void>
}

/** What a command became: `failed` ends with 1, after it has said why. */
export type CommandOutcome = 'done' | 'failed'

interface Option {
  readonly type: 'string' | 'boolean'
  /** What stands for the value of a `string` in the help: `<file>`. */
  readonly value?: string
  readonly summary: string
}

export interface Command {
  /** `audit verify`, or one word. */
  readonly name: string
  readonly summary: string
  /** None of them ever takes a secret: every user of the machine can read the arguments of a process. */
  readonly options: Readonly<Record<string, Option>>
  /** The one argument that stands without an option's name. */
  readonly operand: { readonly name: string; readonly value: string } | undefined
  /** Checks the options; what it refuses is an error of usage. */
  readonly prepare: (values: unknown) => PreparedCommand
}

type PreparedCommand =
  | { readonly usageError: string }
  | { readonly run: (context: CommandContext) => Promise<CommandOutcome> }

/** A command, with the schema its options are parsed by. */
export function command<Input>(definition: {
  readonly name: string
  readonly summary: string
  readonly options?: Command['options']
  readonly operand?: Command['operand']
  readonly input: z.ZodType<Input>
  readonly run: (context: CommandContext, input: Input) => Promise<CommandOutcome>
}): Command {
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
