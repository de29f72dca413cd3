import path from 'node:path'
import { z } from 'zod'
import { jsonDocument } from '~/sandbox/state/json-document'

const variable = z.object({ name: z.string(), value: z.string(), createdAt: z.string(), updatedAt: z.string() })
export type Variable = z.infer<typeof variable>

/** The repository's Actions variables. As on GitHub, names are upper case. */
export interface Variables {
  readonly list: () => readonly Variable[]
  readonly find: (name: string) => Variable | undefined
  /** Returns false if there is no such variable. */
  readonly update: (name: string, value: string) => boolean
}

interface VariablesOptions {
  readonly dir: string
  readonly consoleUrl: string
  readonly now: string
}

/** DEPLOY_FREEZE always exists, because PATCH can only change a variable. */
const initial = ({ consoleUrl, now }: VariablesOptions): Variable[] => [
  { name: 'CONSOLE_INTERNAL_URL', value: consoleUrl, createdAt: now, updatedAt: now },
  { name: 'DEPLOY_FREEZE', value: 'false', createdAt: now, updatedAt: now },
  // Sample surfaces boot in seconds, so a short health check is enough.
  { name: 'HEALTH_CHECK_SECONDS', value: '30', createdAt: now, updatedAt: now },
]

export const openVariables = (options: VariablesOptions): Variables => {
  const document = jsonDocument(path.join(options.dir, 'variables.json'), z.array(variable), () => initial(options))
  const find = (name: string): Variable | undefined =>
    document.read().find((candidate) => candidate.name === name.toUpperCase())
  const update = (name: string, value: string): boolean => {
    const found = find(name)
    if (!found) return false
    const updated = { ...found, value, updatedAt: `${new Date().toISOString().slice(0, 19)}Z` }
    document.write(document.read().map((candidate) => (candidate === found ? updated : candidate)))
    return true
  }
  // The console may have another address than at the last start.
  update('CONSOLE_INTERNAL_URL', options.consoleUrl)
  return { list: () => document.read(), find, update }
}

/** Reads DEPLOY_FREEZE as the workflows do (docs/operations/run.md, "Freezes and locks"). */
export const isFrozen = (value: string): boolean => value !== '' && value !== 'false' && value !== '0'
