import { closeSync, openSync } from 'node:fs'

/** Whether the process has a terminal. Asked at its start, because a closed terminal cannot be opened. */
export function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

/** SIGHUP means that the terminal was closed. Without a terminal it asks to reopen logs, and must not end the process. */
export function onHangup(closed) {
  process.on('SIGHUP', hasTerminal() ? closed : () => undefined)
}

/** Output that nobody reads any more, or that does not fit on the disk, must not end the process. */
export function ignoreLostOutput() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}
