import { createHash } from 'node:crypto'
import { z } from 'zod'
import { jsonDocument } from '~/sandbox/state/json-document'

const environment = z.object({
  name: z.string(),
  /** Minutes that a job waits before it starts. */
  waitTimer: z.number().int().min(0).max(43_200),
  /** Logins of the people of whom one has to approve. Nobody: no approval is required. */
  reviewers: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
})

/** An environment of a repository, with its protection rules. */
export type Environment = z.infer<typeof environment>
export type ProtectionRules = Pick<Environment, 'waitTimer' | 'reviewers'>

export interface Environments {
  readonly list: () => readonly Environment[]
  /** As on GitHub, names are case-insensitive. */
  readonly find: (name: string) => Environment | undefined
  /** Returns false if there is no such environment. */
  readonly protect: (name: string, rules: ProtectionRules) => boolean
}

export const openEnvironments = (file: string, wanted: Readonly<Record<string, ProtectionRules>>): Environments => {
  const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`
  const initial = () =>
    Object.entries(wanted).map(([name, rules]) => ({ name, ...rules, createdAt: now(), updatedAt: now() }))
  const document = jsonDocument(file, z.array(environment), initial)
  const find = (name: string): Environment | undefined =>
    document.read().find((candidate) => candidate.name.toLowerCase() === name.toLowerCase())
  return {
    list: () => document.read(),
    find,
    protect: (name, rules) => {
      const found = find(name)
      if (found === undefined) return false
      const changed = { ...found, ...rules, updatedAt: now() }
      document.write(document.read().map((candidate) => (candidate === found ? changed : candidate)))
      return true
    },
  }
}

/** Derived from repository and name, so that an environment has the same id on every start. */
export const environmentId = (repository: string, name: string): number =>
  161_000_000 +
  (createHash('sha256').update(`${repository} ${name.toLowerCase()}`).digest().readUInt32BE(0) % 9_000_000)
