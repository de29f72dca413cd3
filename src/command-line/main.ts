import { runCommandLine } from './run-command-line.ts'
import { thisMachine } from './this-machine.ts'

// The command line for operators: one file, which needs Node alone (docs/adr/059).
declare const COMMAND_LINE_VERSION: string | undefined
const version = typeof COMMAND_LINE_VERSION === 'string' ? COMMAND_LINE_VERSION : 'from sources'

const call = 'node deploy-console.mjs'
const notes = [
  'A script sets DEPLOY_CONSOLE_URL to the address of the console, and DEPLOY_CONSOLE_TOKEN to its token. People sign in.',
  `"${call} <command> --help" shows the options.`,
]
process.exitCode = await runCommandLine(process.argv.slice(2), thisMachine(process.env), {
  caller: { call, notes },
  version,
})
