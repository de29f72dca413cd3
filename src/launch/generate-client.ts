import path from 'node:path'
import { generateClient } from './database/database-schema.ts'

// Preloaded (`--import`) into programs that need the Prisma client, so that each script works right after `npm ci`.
await generateClient({
  projectDirectory: path.resolve(import.meta.dirname, '../..'),
  env: process.env,
  signal: new AbortController().signal,
})
