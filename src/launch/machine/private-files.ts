import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Makes a directory private (0700). Throws if it belongs to another user. */
export function ensurePrivateDirectory(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const why = error instanceof Error ? error.message : error
    throw new Error(
      `The directory ${directory} cannot be created (${why}). Nothing was started. Choose another DATA_DIR; example: .data`,
    )
  }
  const { uid, mode } = lstatSync(directory)
  const self = process.getuid?.()
  if (self !== undefined && self !== 0 && uid !== self) {
    throw new Error(`${directory} belongs to another user (uid ${uid}). Nothing was started. Choose another DATA_DIR.`)
  }
  if ((mode & 0o077) !== 0) chmodSync(directory, 0o700)
  return directory
}

/** Replaces a file in one step: a reader sees the old text or the new one, also after a power cut. */
export function writePrivateFile(file: string, content: string): void {
  const unfinished = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}`)
  writeFileSync(unfinished, content, { mode: 0o600, flush: true })
  renameSync(unfinished, file)
}

/** The text of a file. The first use makes it. */
export function rememberedText(file: string, make: () => string): string {
  if (!existsSync(file)) writePrivateFile(file, `${make()}\n`)
  chmodSync(file, 0o600)
  const content = readFileSync(file, 'utf8').trim()
  if (content === '') {
    throw new Error(
      `${file} is empty. Nothing was changed, because a new value would not match the data. Restore the file from a backup.`,
    )
  }
  return content
}
