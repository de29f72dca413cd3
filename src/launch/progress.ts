/** Prints the steps of a start, one line each. Uses colour in a terminal only. */
export interface Progress {
  readonly step: (text: string) => void
  readonly note: (text: string) => void
  readonly warn: (text: string) => void
  readonly done: (text: string) => void
  readonly fail: (text: string) => void
}

export function terminalProgress(stdout: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Progress {
  const coloured = stdout.isTTY && !env['NO_COLOR']
  const paint = (code: number, text: string): string => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text)
  const line = (text: string): void => {
    stdout.write(`${text}\n`)
  }
  return {
    step: (text) => line(`${paint(36, '•')} ${text}`),
    note: (text) => line(paint(2, `  ${text}`)),
    warn: (text) => line(`${paint(33, '!')} ${text}`),
    done: (text) => line(`${paint(32, '✓')} ${text}`),
    fail: (text) => line(`${paint(31, '✗')} ${text}`),
  }
}
