import path from 'node:path'
import type { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { z } from 'zod'
import { shownError } from './shown-error.ts'

export interface ScriptFiles {
  /** Remembers which file each migration of a request comes from. The engine hands over nothing but the text. */
  readonly remember: (params: unknown) => void
  /** The error of a script that failed, with the file, the place in it, and all that PostgreSQL says. */
  readonly explain: (script: string, error: unknown) => DriverAdapterError
}

const withMigrations = z.object({
  migrationsList: z.object({
    baseDir: z.string(),
    migrationDirectories: z.array(
      z.object({
        path: z.string(),
        migrationFile: z.object({ path: z.string(), content: z.object({ tag: z.string(), value: z.string() }) }),
      }),
    ),
  }),
})

const postgresError = z.object({
  code: z.string(),
  message: z.string(),
  detail: z.string().optional(),
  hint: z.string().optional(),
  where: z.string().optional(),
  position: z.coerce.number().optional(),
})

export function createScriptFiles(): ScriptFiles {
  const files = new Map<string, string>()
  return {
    remember(params) {
      for (const list of migrationLists(params)) {
        for (const { path: directory, migrationFile } of list.migrationDirectories) {
          if (migrationFile.content.tag !== 'ok') continue
          files.set(migrationFile.content.value, path.join(list.baseDir, directory, migrationFile.path))
        }
      }
    },
    explain(script, error) {
      const parsed = postgresError.safeParse(error)
      if (!parsed.success) return shownError('N/A', error instanceof Error ? error.message : String(error))
      const file = files.get(script)
      const { code, message, detail, hint, where, position } = parsed.data
      const lines = [
        message,
        ...(file === undefined && position === undefined ? [] : placeIn(script, file, position)),
        ...(detail === undefined ? [] : [`Detail: ${detail}`]),
        ...(hint === undefined ? [] : [`Hint: ${hint}`]),
        ...(where === undefined ? [] : [`Where: ${where}`]),
        ...(file === undefined ? [] : ['Unless the file commits by itself, nothing of it was kept.']),
      ]
      return shownError(code, lines.join('\n'))
    },
  }
}

/** `migrationsList` of a request, or the lists inside the two sides of a `diff`. */
function migrationLists(params: unknown) {
  const direct = withMigrations.safeParse(params)
  if (direct.success) return [direct.data.migrationsList]
  if (typeof params !== 'object' || params === null) return []
  return Object.values(params).flatMap((side) => {
    const parsed = withMigrations.shape.migrationsList.safeParse(side)
    return parsed.success ? [parsed.data] : []
  })
}

/** `position` counts characters from 1 (PostgreSQL's protocol, error field `P`), and is absent for most run-time errors. */
function placeIn(script: string, file: string | undefined, position: number | undefined): readonly string[] {
  const name = file === undefined ? 'the script' : path.relative(process.cwd(), file) || file
  if (position === undefined) return [`In ${name}`]
  const before = Array.from(script)
    .slice(0, position - 1)
    .join('')
  const line = before.split('\n').length
  const column = Array.from(before.slice(before.lastIndexOf('\n') + 1)).length + 1
  const text = script.split('\n')[line - 1] ?? ''
  return [`In ${name}, line ${line}, column ${column}:`, `  ${line} | ${text.trimEnd()}`]
}
