#!/usr/bin/env node
// What Prisma's CLI executes instead of its native schema engine (prisma.config.ts sets PRISMA_SCHEMA_ENGINE_BINARY).
// It is started from any directory, so the TypeScript loader is registered here and not left to the caller.
import { register } from 'tsx/esm/api'

register({ tsconfig: false })
await import('./main.ts')
