import path from 'node:path'
import type { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { z } from 'zod'
import { shownError } from './shown-error.ts'

export interface ScriptFiles {
  /** Remembers which file each migration of a request comes from. The engine hands over nothing but the text. */
  readonly remember: (params: unknown) => void
  /** The error of a script that failed, with the file, the place in it, and all that PostgreSQL says. */
  readonly explain: (script: string, error: unknown) => DriverAdapterError
  /** What `explain` said since it was last asked. The engine keeps the kind of an error, and drops the rest. */
  readonly takeFailure: () => ScriptFailure | undefined
}

export interface ScriptFailure {
  /** Undefined for a script that is no migration. */
  readonly migration: string | undefined
  readonly sqlState: string
  readonly text: string
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
  let failure: ScriptFailure | undefined
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
      if (!parsed.success) return shownError(error instanceof Error ? error.message : String(error))
      const file = files.get(script)
      const { code, message, detail, hint, where, position } = parsed.data
      const lines = [
        `ERROR: ${message}`,
        ...(file === undefined && position === undefined ? [] : placeIn(script, file, position)),
        ...(detail === undefined ? [] : [`Detail: ${detail}`]),
        ...(hint === undefined ? [] : [`Hint: ${hint}`]),
        ...(where === undefined ? [] : [`Where: ${where}`]),
      ]
      const text = lines.join('\n')
      failure = { migration: file === undefined ? undefined : path.basename(path.dirname(file)), sqlState: code, text }
      return shownError(text)
    },
    takeFailure() {
      const taken = failure
      failure = undefined
      return taken
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
