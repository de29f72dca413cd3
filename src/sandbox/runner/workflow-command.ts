export interface WorkflowCommand {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly message: string
}

/** `::name key=value,key=value::message`, the way a step talks to its runner on standard output. */
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

/** The percent sign comes last, so that `%250A` stays the text `%0A`. */
function unescapeText(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}
