import { z } from 'zod'
import { type Api, createApi } from './api.ts'
import { type Command, command } from './command.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import type { ExitCode } from './exit-codes.ts'

/** What a command sees of the machine on which it runs. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The name of the machine, which is shown where its sign-in is approved. */
  readonly name: string
  /** A line for standard output. */
  readonly print: (line: string) => Promise<void>
  /** A line for standard error. */
  readonly note: (line: string) => void
  /** Asks the person at the terminal. Null if there is none. */
  readonly ask: (question: string) => Promise<string | null>
  readonly pause: (ms: number) => Promise<void>
  /** Whether a person sits at a terminal. */
  readonly hasTerminal: boolean
}

export interface OperatorContext extends Machine {
  readonly json: boolean
  readonly credentials: Credentials
  readonly api: Api
  /** A line for people: with --json, standard output holds the answer alone. */
  readonly tell: (line: string) => Promise<void>
}

/** A command that uses the REST API alone. */
export type OperatorCommand = Command<Machine, ExitCode>

const COMMON = {
  console: {
    type: 'string',
    value: '<address>',
    summary: 'the console. Default: DEPLOY_CONSOLE_URL, or that of the last sign-in',
  },
  json: { type: 'boolean', summary: 'prints the answer of the console as JSON' },
} as const

type Definition<Input> = Omit<Parameters<typeof command<Input, Machine, ExitCode>>[0], 'run'> & {
  readonly run: (context: OperatorContext, input: Input) => Promise<ExitCode>
}

/** Makes a command that uses the REST API alone. */
export function operatorCommand<Input>(definition: Definition<Input>): OperatorCommand {
  const common = z.object({ console: z.string().optional(), json: z.boolean().default(false) })
  return command({
    ...definition,
    options: { ...definition.options, ...COMMON },
    input: z.unknown().transform((values, context) => {
      const input = definition.input.safeParse(values)
      if (input.success) return { ...common.parse(values), input: input.data }
      for (const { path, message } of input.error.issues) context.addIssue({ code: 'custom', path, message })
      return z.NEVER
    }),
    run: (machine, { console: named, json, input }) => {
      const credentials = readCredentials(machine.environment, named)
      const { address, token } = credentials
      const tell = json ? async (line: string) => machine.note(line) : machine.print
      return definition.run({ ...machine, json, credentials, api: createApi(address, token), tell }, input)
    },
  })
}

export const printJson = ({ print }: Machine, value: unknown): Promise<void> => print(JSON.stringify(value, null, 2))
