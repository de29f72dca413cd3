import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { z } from 'zod'

/** Rename replaces a file in one step, so a reader sees the old document or the new one, never half of one. */
export const writeAtomically = (file: string, content: string): void => {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`
  writeFileSync(temporary, content, { mode: 0o600 })
  renameSync(temporary, file)
}

export interface JsonDocument<T> {
  readonly read: () => T
  readonly write: (value: T) => void
}

const parse = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** Reads a file, or gives `undefined` if it is missing. Throws if the content does not fit the schema. */
export const readJsonFile = <T>(file: string, schema: z.ZodType<T>): T | undefined => {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const parsed = schema.safeParse(parse(text))
  if (parsed.success) return parsed.data
  throw new Error(
    `The sandbox cannot read ${file}. The file was not changed. Restore it from a backup, or move it away to start with a new one.`,
  )
}

/** A small value in one file, cached in memory. */
export const jsonDocument = <T>(file: string, schema: z.ZodType<T>, initial: () => T): JsonDocument<T> => {
  let current = readJsonFile(file, schema) ?? initial()
  return {
    read: () => current,
    write: (value) => {
      current = value
      writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`)
    },
  }
}
