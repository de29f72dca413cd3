/** One line of the engine's log. The CLI reads these from stderr and shows the message of the last ERROR when it exits. */
export function engineLog(level: 'INFO' | 'ERROR', fields: Readonly<Record<string, unknown>>): void {
  const line = { level, target: 'schema_engine::logger', fields, timestamp: new Date().toISOString() }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
