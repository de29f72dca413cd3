import path from 'node:path'
import { z } from 'zod'
import { jsonDocument } from '~/sandbox/state/json-document'

const variable = z.object({ name: z.string(), value: z.string(), createdAt: z.string(), updatedAt: z.string() })
export type Variable = z.infer<typeof variable>

/** The repository's Actions variables. Names are upper case and compared so, as on GitHub. */
export interface Variables {
  readonly list: () => readonly Variable[]
  readonly find: (name: string) => Variable | undefined
  /** Answers false when there is no such variable. */
  readonly update: (name: string, value: string) => boolean
}

interface VariablesOptions {
  readonly dir: string
  readonly consoleUrl: string
  readonly now: string
}

/** DEPLOY_FREEZE always exists, so that PATCH can set it; "false" is how a repository says "not frozen". */
const initial = ({ consoleUrl, now }: VariablesOptions): Variable[] => [
  { name: 'CONSOLE_INTERNAL_URL', value: consoleUrl, createdAt: now, updatedAt: now },
  { name: 'DEPLOY_FREEZE', value: 'false', createdAt: now, updatedAt: now },
  // Sample surfaces boot in seconds, so an unhealthy one need not be watched for minutes.
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
  // The console may listen elsewhere than last time.
  update('CONSOLE_INTERNAL_URL', options.consoleUrl)
  return { list: () => document.read(), find, update }
}

/** What the freeze check of the workflows reads; the text is the reason. */
export const isFrozen = (value: string): boolean => value !== '' && value !== 'false' && value !== '0'
