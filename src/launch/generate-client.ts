import path from 'node:path'
import { generateClient } from './database/database-schema.ts'

// Loaded (`--import`) before a program that needs the Prisma client at once, so that each script works right after `npm ci`.
await generateClient({
  projectDirectory: path.resolve(import.meta.dirname, '../..'),
  env: process.env,
  signal: new AbortController().signal,
})
