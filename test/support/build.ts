import path from 'node:path'
import { generateClient } from '../../src/launch/database-schema.ts'
import { productionBuild } from '../../src/launch/production-build.ts'

// The build that `npm start` would make, made now, so that the tests start what is built of these very sources.
const projectDirectory = path.resolve(import.meta.dirname, '../..')
const env: NodeJS.ProcessEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
const { signal } = new AbortController()
await generateClient({ projectDirectory, env, signal })
const build = productionBuild(projectDirectory)
if (!build.fits) await build.make(env, signal)
