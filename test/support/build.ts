import path from 'node:path'
import { productionBuild } from '~/launch/build/production-build'
import { bundledPrograms } from '~/launch/build/programs'
import { generateClient } from '~/launch/database/database-schema'
import { builtWithCanaries, keepCanaries, makeCanaries } from '~test/support/build-canaries'
import { withoutConsoleSettings } from '~test/support/start-product'

// The build that `npm start` would make, made now so that the tests start what is built from these sources. It is made
// with every secret variable set, so that a secret that the build includes can be found in it.
const projectDirectory = path.resolve(import.meta.dirname, '../..')
const canaries = makeCanaries()
const env: NodeJS.ProcessEnv = {
  ...withoutConsoleSettings(process.env),
  ...canaries.environment,
  NEXT_TELEMETRY_DISABLED: '1',
}
const { signal } = new AbortController()
await generateClient({ projectDirectory, env, signal })
const build = productionBuild(projectDirectory)
if (!build.fits || !builtWithCanaries(projectDirectory)) {
  await build.make(env, signal)
  keepCanaries(projectDirectory, canaries)
}
await build.compress()
const programs = bundledPrograms(projectDirectory)
if (!programs.fit) await programs.make()
