import { readdirSync } from 'node:fs'
import path from 'node:path'

const app = path.resolve(import.meta.dirname, '../../src/app')

/** Every page, from the files themselves: `/surfaces/[id]` for one that takes an id. */
export const listPages = (): readonly string[] =>
  readdirSync(app, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'page.tsx')
    .map((file) => `/${path.dirname(file)}`.replace(/\/\.$/, '/'))

/** Pages for people who are not signed in. They redirect everybody who is. */
export const ENTRY_PAGES: readonly string[] = ['/sign-in', '/setup/[token]', '/invite/[token]']
