import { type Frame, log } from '~/sandbox/runner/frame'

interface WorkflowCommand {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
}

/** Parses `::name key=value,key=value::message`, a step's command to its runner on standard output. */
export function parseWorkflowCommand(line: string): WorkflowCommand | undefined {
  const match = /^\s*::([A-Za-z][\w-]*)(?:\s+(.*?))?::(.*)$/s.exec(line)
  if (match === null) return undefined
  const properties: Record<string, string> = {}
  for (const part of (match[2] ?? '').split(',')) {
    const [key, ...value] = part.split('=')
    if (key?.trim())
      properties[key.trim()] = unescapeText(value.join('=')).replaceAll('%3A', ':').replaceAll('%2C', ',')
  }
  return { name: (match[1] ?? '').toLowerCase(), properties, message: unescapeText(match[3] ?? '') }
}

/** `%25` comes last, so that `%250A` becomes the text `%0A`. */
function unescapeText(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}

/** Commands that GitHub has disabled for security. A step that uses one fails. */
const retired: Readonly<Record<string, string>> = {
  'set-env': 'GITHUB_ENV',
  'add-path': 'GITHUB_PATH',
  'set-output': 'GITHUB_OUTPUT',
  'save-state': 'GITHUB_STATE',
}

/** Reads a step's output by lines. Runs commands and logs all other lines. */
export function createCommandReader(frame: Frame) {
  let resumeToken: string | undefined
  let refused = false
  const read = (line: string) => {
    const command = parseWorkflowCommand(line)
    if (resumeToken !== undefined) {
      if (line.trim() === `::${resumeToken}::`) resumeToken = undefined
      log(frame, line)
    } else if (command === undefined) {
      log(frame, line)
    } else if (command.name === 'stop-commands') {
      resumeToken = command.message
      log(frame, line)
    } else {
      obey(command, line)
    }
  }
  const obey = (command: WorkflowCommand, line: string) => {
    const replacement = retired[command.name]
    if (replacement !== undefined) {
      refused = true
      log(
        frame,
        `##[error]The '${command.name}' command is disabled. Write to the file named by $${replacement} instead.`,
      )
      return
    }
    switch (command.name) {
      case 'add-mask':
        frame.job.mask.add(command.message)
        return
      case 'error':
      case 'warning':
      case 'notice':
        return log(frame, `##[${command.name}]${command.message}`)
      case 'group':
        return log(frame, `##[group]${command.message}`)
      case 'endgroup':
        return log(frame, '##[endgroup]')
      case 'debug':
      case 'echo':
      case 'add-matcher':
      case 'remove-matcher':
        // Debug lines need step debugging. Matchers and echo have no effect here.
        return
      default:
        return log(frame, line)
    }
  }
  return { read, refused: () => refused }
}

/** Parses a step's GITHUB_OUTPUT or GITHUB_ENV: `name=value`, or `name<<DELIMITER` for a value of several lines. */
export function parseFileCommand(text: string): Readonly<Record<string, string>> {
  const values: Record<string, string> = {}
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (heredoc > 0 && (equals < 0 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2)
      const end = lines.indexOf(delimiter, index + 1)
      if (delimiter === '' || end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
      values[line.slice(0, heredoc)] = lines.slice(index + 1, end).join('\n')
      index = end
    } else if (equals > 0) {
      values[line.slice(0, equals)] = line.slice(equals + 1)
    } else {
      throw new Error(`Invalid format '${line}'`)
    }
  }
  return values
}
