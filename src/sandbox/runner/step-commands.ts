import { type Frame, log } from '~/sandbox/runner/frame'
import { parseWorkflowCommand, type WorkflowCommand } from '~/sandbox/runner/workflow-command'

/** Commands GitHub switched off for safety; a step that still uses one fails there, and here. */
const retired: Readonly<Record<string, string>> = {
  'set-env': 'GITHUB_ENV',
  'add-path': 'GITHUB_PATH',
  'set-output': 'GITHUB_OUTPUT',
  'save-state': 'GITHUB_STATE',
}

/** Reads a step's output line by line: commands are obeyed, everything else is logged. */
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
        // Debug lines show only with step debugging on; matchers and echo change nothing that is kept here.
        return
      default:
        return log(frame, line)
    }
  }
  return { read, refused: () => refused }
}
