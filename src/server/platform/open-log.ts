import 'server-only'
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'

const STANDARD_OUTPUT = 1

/** Lines that cannot be written wait, up to this many bytes. Further ones are lost, and the log says how many. */
const WAITING_BYTES = 1_048_576

/** A file that could not be opened is tried again after this time, and a full pipe too. */
const AGAIN_MS = 500

/** A log that never throws: neither a full disk nor a removed folder may end a process. */
export interface Log {
  /** Takes whole lines, with the line break. */
  readonly write: (lines: string) => void
  /** Continues with the file that has the name now, after a rotation. */
  readonly reopen: () => void
}

/**
 * Appends to a file, or to standard output. `onProblem` receives the code of an error, once until a line could be written again.
 * At `atMostBytes`, the file becomes `<file>.1`, in place of an older one. So the two never take much more than twice as many.
 * Not pino's own destination: on a full disk it sleeps in `flushSync`, and never writes again once its buffer is full (ADR 048).
 */
export function openLog(
  file: string | undefined,
  onProblem: (code: string) => void,
  atMostBytes = Number.POSITIVE_INFINITY,
): Log {
  let descriptor = file === undefined ? STANDARD_OUTPUT : undefined
  let size = 0
  let waiting = Buffer.alloc(0)
  let lost = 0
  let isBroken = false
  let openAgainAt = 0
  let timer: NodeJS.Timeout | undefined

  const fail = (error: unknown): void => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'EAGAIN') {
      timer ??= setTimeout(writeWaiting, AGAIN_MS).unref()
      return
    }
    if (!isBroken) onProblem(code)
    isBroken = true
  }

  const open = (): void => {
    if (file === undefined || Date.now() < openAgainAt) return
    openAgainAt = Date.now() + AGAIN_MS
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const opened = openSync(file, 'a', 0o600)
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = opened
    size = fstatSync(opened).size
  }

  /** If the file cannot be renamed, its lines wait: a log must not fill the disk either. */
  const beginNewFile = (): void => {
    if (file === undefined || size < atMostBytes) return
    renameExisting(file, `${file}.1`)
    openAgainAt = 0
    open()
  }

  const writeWaiting = (): void => {
    clearTimeout(timer)
    timer = undefined
    try {
      if (descriptor === undefined) open()
      if (descriptor === undefined) return
      beginNewFile()
      while (waiting.length > 0) {
        const written = writeSync(descriptor, waiting)
        size += written
        waiting = waiting.subarray(written)
      }
      isBroken = false
    } catch (error) {
      fail(error)
    }
  }

  const write = (lines: string): void => {
    const bytes = Buffer.from(lines)
    // Space is freed first. A line that is larger than the whole limit is written if no other line waits.
    if (waiting.length > 0 && waiting.length + bytes.length > WAITING_BYTES) writeWaiting()
    if (waiting.length > 0 && waiting.length + bytes.length > WAITING_BYTES) {
      lost += 1
      return
    }
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
    writeWaiting()
    if (lost === 0 || waiting.length > 0) return
    const line = lineAbout(lost)
    lost = 0
    write(line)
  }

  if (descriptor === undefined) writeWaiting()
  return {
    write,
    reopen() {
      openAgainAt = 0
      try {
        open()
        writeWaiting()
      } catch (error) {
        fail(error)
      }
    },
  }
}

/** Somebody may have removed or moved the file. Its space cannot be freed here then. */
function renameExisting(file: string, to: string): void {
  try {
    renameSync(file, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

const WARN = 40

const lineAbout = (lost: number): string =>
  `${JSON.stringify({ level: WARN, time: new Date().toISOString(), lost, msg: 'log: lines were lost because the log could not be written' })}\n`
