import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { runTool } from '../machine/supervised-process.ts'
import { compressStatic, WRITTEN_BY_COMPRESSION } from './compress-static.ts'
import { fingerprint } from './fingerprint.ts'

/** The sources of a build. */
const SOURCES = [
  'src',
  'public',
  'prisma/schema.prisma',
  'next.config.mjs',
  'postcss.config.mjs',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
]
/** Left out: not part of the server, or generated from a source above. */
const NOT_BUILT = ['src/launch', 'src/sandbox', 'src/server/platform/generated']

/** The parts that the server loads. Next's caches, types and reports change without a build. */
const SERVED = [
  'BUILD_ID',
  'server',
  'static',
  'build',
  'node_modules',
  'routes-manifest.json',
  'required-server-files.json',
]

/** Next writes the answers of routes here while it serves. They are not part of the build. */
const WRITTEN_WHILE_SERVING = path.join('server', 'route-cache')

/** A hash of the names and sizes of a build's files. It changes if a file is deleted or cut off. */
function inventory(output: string): string {
  const hash = createHash('sha256')
  const add = (relative: string): void => {
    if (relative === WRITTEN_WHILE_SERVING || WRITTEN_BY_COMPRESSION.test(relative)) return
    const found = statSync(path.join(output, relative), { throwIfNoEntry: false })
    const kind = found?.isDirectory() ? 'directory' : (found?.size ?? 'missing')
    hash.update(`${relative}\0${kind}\0`)
    if (kind !== 'directory') return
    for (const name of readdirSync(path.join(output, relative)).sort()) {
      // A link leads to an installed package. It is enough that its target exists.
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
  /** Compresses what the server sends, unless that was done. It takes seconds of each processor, so a start does it once the console is ready. */
  readonly compress: () => Promise<void>
}

/** The build in `.next`. `fits` says whether it is complete and made from the current sources. */
export function productionBuild(projectDirectory: string): Build {
  const output = path.join(projectDirectory, '.next')
  const mark = path.join(output, 'built-from')
  const wanted = fingerprint(projectDirectory, SOURCES, NOT_BUILT, [process.version, process.platform, process.arch])
  return {
    fits: existsSync(mark) && readFileSync(mark, 'utf8') === `${wanted} ${inventory(output)}`,
    async make(env, signal) {
      rmSync(mark, { force: true }) // an interrupted build must not count
      const next = path.join(projectDirectory, 'node_modules/next/dist/bin/next')
      await runTool('The production build', { args: [next, 'build'], cwd: projectDirectory, env, signal })
      writeFileSync(mark, `${wanted} ${inventory(output)}`)
    },
    compress: () => compressStatic(path.join(output, 'static')),
  }
}
