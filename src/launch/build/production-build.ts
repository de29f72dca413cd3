import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { runTool } from '../machine/supervised-process.ts'
import { fingerprint } from './fingerprint.ts'

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
const NOT_BUILT = ['src/launch', 'src/sandbox', 'src/server/platform/generated']

/** What the server loads; Next's caches, types and reports change without a build. */
const SERVED = [
  'BUILD_ID',
  'server',
  'static',
  'build',
  'node_modules',
  'routes-manifest.json',
  'required-server-files.json',
]

/** What Next writes there while it serves: answers of routes, which are no part of the build. */
const WRITTEN_WHILE_SERVING = path.join('server', 'route-cache')

/** Names and sizes of what a build consists of: a file that was deleted or cut off changes it. */
function inventory(output: string): string {
  const hash = createHash('sha256')
  const add = (relative: string): void => {
    if (relative === WRITTEN_WHILE_SERVING) return
    const found = statSync(path.join(output, relative), { throwIfNoEntry: false })
    const kind = found?.isDirectory() ? 'directory' : (found?.size ?? 'missing')
    hash.update(`${relative}\0${kind}\0`)
    if (kind !== 'directory') return
    for (const name of readdirSync(path.join(output, relative)).sort()) {
      // Links lead to installed packages: that one is there is all there is to it.
      const link = lstatSync(path.join(output, relative, name)).isSymbolicLink()
      if (link) hash.update(`${name}\0${existsSync(path.join(output, relative, name))}\0`)
      else add(path.join(relative, name))
    }
  }
  for (const one of SERVED) add(one)
  return hash.digest('hex')
}

interface Build {
  readonly fits: boolean
  readonly make: (env: NodeJS.ProcessEnv, signal: AbortSignal) => Promise<void>
}

/** The build in `.next`, and whether it is a complete one of these very sources. */
export function productionBuild(projectDirectory: string): Build {
  const output = path.join(projectDirectory, '.next')
  const mark = path.join(output, 'built-from')
  const wanted = fingerprint(projectDirectory, SOURCES, NOT_BUILT, [process.version, process.platform, process.arch])
  return {
    fits: existsSync(mark) && readFileSync(mark, 'utf8') === `${wanted} ${inventory(output)}`,
    async make(env, signal) {
      rmSync(mark, { force: true }) // so that a build that is broken off never counts
      const next = path.join(projectDirectory, 'node_modules/next/dist/bin/next')
      await runTool('The production build', { args: [next, 'build'], cwd: projectDirectory, env, signal })
      writeFileSync(mark, `${wanted} ${inventory(output)}`)
    },
  }
}
