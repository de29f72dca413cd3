import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fingerprint } from './fingerprint.ts'
import { runTool } from './run-tool.ts'

/** All that a build is made from. */
const SOURCES = [
  'src',
  'public',
  'prisma/schema.prisma',
  'next.config.ts',
  'postcss.config.mjs',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
]
/** Never part of the server; or made from what counts already. */
const NOT_BUILT = ['src/launch', 'src/sandbox', 'src/server/db/generated']

export interface Build {
  readonly fits: boolean
  readonly make: (env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<void>
}

/** The build in `.next`, and whether it is a complete one of these very sources. */
export function productionBuild(projectDirectory: string): Build {
  const output = path.join(projectDirectory, '.next')
  const mark = path.join(output, 'built-from')
  const wanted = fingerprint(projectDirectory, SOURCES, NOT_BUILT, [process.version, process.platform, process.arch])
  return {
    fits: existsSync(mark) && existsSync(path.join(output, 'BUILD_ID')) && readFileSync(mark, 'utf8') === wanted,
    async make(env, signal) {
      rmSync(mark, { force: true }) // so that a build that is broken off never counts
      const next = path.join(projectDirectory, 'node_modules/next/dist/bin/next')
      await runTool('The production build', { args: [next, 'build'], cwd: projectDirectory, env, signal })
      writeFileSync(mark, wanted)
    },
  }
}
