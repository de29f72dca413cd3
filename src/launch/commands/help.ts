import type { Command } from './command.ts'

const CALL = 'npm run console --'

export function helpOnAll(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    `Usage: ${CALL} <command> [options]`,
    '',
    ...lines,
    '',
    `The database is the one of DATABASE_URL, or the embedded one under DATA_DIR. "${CALL} <command> --help" says more.`,
  ].join('\n')
}

export function helpOn({ name, summary, options, operand }: Command): string {
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
