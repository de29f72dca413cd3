import { visibleSentence } from '~/domain/foreign-text'
import { NoAnswer, Refused } from './api.ts'
import { approvals, approve, refuse } from './approving.ts'
import { type Caller, readCall } from './command.ts'
import { deploy, promote, rollback } from './deploying.ts'
import { EXIT, type ExitCode, exitCodeOf, Stop } from './exit-codes.ts'
import { cancel, stopWatching, watch } from './following.ts'
import type { Machine, OperatorCommand } from './operator-command.ts'
import { continueQueue, listQueued, withdrawQueued } from './queueing.ts'
import { signIn, signOut, whoami } from './signing-in.ts'
import { freeze, freezes, lift, lock, status, unlock } from './surfaces.ts'

/** The commands for operators and their scripts, which use the REST API alone (docs/adr/059). */
export const OPERATOR_COMMANDS: readonly OperatorCommand[] = [
  signIn,
  signOut,
  whoami,
  status,
  deploy,
  rollback,
  promote,
  watch,
  cancel,
  stopWatching,
  lock,
  unlock,
  freeze,
  freezes,
  lift,
  listQueued,
  withdrawQueued,
  continueQueue,
  approvals,
  approve,
  refuse,
]

/** Runs one command. `version` is printed for `--version`. */
export async function runCommandLine(
  args: readonly string[],
  untrusted: Machine,
  { caller, version }: { readonly caller: Caller; readonly version: string },
): Promise<ExitCode> {
  const machine = withVisibleText(untrusted)
  const call = readCall(args, OPERATOR_COMMANDS, caller)
  if (call.kind === 'help') return printed(machine, call.text)
  if (call.kind === 'version') return printed(machine, `Deploy Console ${version}`)
  if (call.kind === 'usage_error') {
    machine.note(call.text)
    return EXIT.usage
  }
  try {
    return await call.run(machine)
  } catch (error) {
    machine.note(error instanceof Error ? error.message : String(error))
    if (error instanceof Stop) return error.exitCode
    if (error instanceof Refused) return exitCodeOf(error.code)
    if (error instanceof NoAnswer) return EXIT.failed
    throw error
  }
}

async function printed(machine: Machine, text: string): Promise<ExitCode> {
  await machine.print(text)
  return EXIT.succeeded
}

/** Everything that is printed passes here, so no text from outside can control the terminal. */
const withVisibleText = (machine: Machine): Machine => ({
  ...machine,
  print: (line) => machine.print(visibleSentence(line)),
  note: (line) => machine.note(visibleSentence(line)),
  ask: (question) => machine.ask(visibleSentence(question)),
})
