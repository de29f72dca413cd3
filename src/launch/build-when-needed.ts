import { productionBuild } from './build/production-build.ts'
import { bundledPrograms } from './build/programs.ts'
import type { Progress } from './progress.ts'
import type { Shutdown } from './shutdown.ts'

interface Built {
  /** Settles when the bundles are made, which the server does not need to start. */
  readonly bundled: Promise<void>
  /** What can wait until the console is ready. */
  readonly compress: () => Promise<void>
}

export const NOTHING_BUILT: Built = { bundled: Promise.resolve(), compress: () => Promise.resolve() }

/** Makes the production build of a start, unless there is one of the current sources. */
export async function buildWhenNeeded(
  projectDirectory: string,
  env: NodeJS.ProcessEnv,
  { progress, shutdown }: { readonly progress: Progress; readonly shutdown: Shutdown },
): Promise<Built> {
  const build = productionBuild(projectDirectory)
  const { compress } = build
  if (build.fits) {
    progress.done('The production build is up to date')
    return { ...NOTHING_BUILT, compress }
  }
  progress.step('Building for production; the sources are new or changed (a minute or two) …')
  const programs = bundledPrograms(projectDirectory)
  // Next empties the directory that holds the bundles, so what starts meanwhile must not use them.
  programs.discard()
  await build.make(env, shutdown.signal)
  progress.done('Built for production')
  const bundled = programs.make()
  shutdown.waitFor(bundled)
  return { bundled, compress }
}
