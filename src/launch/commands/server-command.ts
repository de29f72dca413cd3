import { type Command, command } from '~/command-line/command'
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

/** A command that needs the database of the console. */
export type ServerCommand = Command<CommandContext, CommandOutcome>

/** Makes a command that needs the database of the console. */
export const serverCommand = <Input>(
  definition: Parameters<typeof command<Input, CommandContext, CommandOutcome>>[0],
): ServerCommand => command(definition)

/** A command that needs neither configuration nor database. */
export type OfflineCommand = Command<Pick<CommandContext, 'print'>, CommandOutcome>

/** Makes a command that needs neither configuration nor database. */
export const offlineCommand = <Input>(
  definition: Parameters<typeof command<Input, Pick<CommandContext, 'print'>, CommandOutcome>>[0],
): OfflineCommand => command(definition)
