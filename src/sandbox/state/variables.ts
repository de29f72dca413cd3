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

/** The variables of a repository that reports to the console. */
export const reportingVariables = (consoleUrl: string): Readonly<Record<string, string>> => ({
  CONSOLE_INTERNAL_URL: consoleUrl,
  // It always exists, because PATCH can only change a variable.
  DEPLOY_FREEZE: 'false',
  // Sample surfaces boot in seconds, so a short health check is enough.
  HEALTH_CHECK_SECONDS: '30',
})

/**
 * Opens the variables of a repository and adds those that an earlier version did not have. Addresses among them (`…_URL`) may
 * differ from those of the last start.
 */
export const openVariables = (file: string, wanted: Readonly<Record<string, string>>): Variables => {
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  const initial = () => Object.entries(wanted).map(([name, value]) => ({ name, value, createdAt: now, updatedAt: now }))
  const document = jsonDocument(file, z.array(variable), initial)
  const known = new Set(document.read().map(({ name }) => name))
  document.write([...document.read(), ...initial().filter(({ name }) => !known.has(name))])
  const find = (name: string): Variable | undefined =>
    document.read().find((candidate) => candidate.name === name.toUpperCase())
  const update = (name: string, value: string): boolean => {
    const found = find(name)
    if (!found) return false
    const updated = { ...found, value, updatedAt: `${new Date().toISOString().slice(0, 19)}Z` }
    document.write(document.read().map((candidate) => (candidate === found ? updated : candidate)))
    return true
  }
  for (const [name, value] of Object.entries(wanted)) if (name.endsWith('_URL')) update(name, value)
  return { list: () => document.read(), find, update }
}

/** Reads DEPLOY_FREEZE as the workflows do (docs/operations/run.md, "Freezes and locks"). */
export const isFrozen = (value: string): boolean => value !== '' && value !== 'false' && value !== '0'
