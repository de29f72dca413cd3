import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'esbuild'
import { fingerprint } from './fingerprint.ts'

/** What runs beside the server, each as a process of its own. */
export const PROGRAMS = [
  'src/launch/start.ts',
  'src/launch/commands/console.ts',
  'src/launch/worker.ts',
  'src/launch/database/lend-database.ts',
  'src/sandbox/main.ts',
  'src/sandbox/control.ts',
  'prisma/schema-engine/main.ts',
] as const
type Program = (typeof PROGRAMS)[number]
const SCHEMA_ENGINE = 'prisma/schema-engine/main.ts'

const OUTPUT = '.next/programs'
const SOURCES = ['src', 'prisma/schema.prisma', 'prisma/schema-engine', 'tsconfig.json', 'package-lock.json']
/** Other packages are loaded from where they are installed. These are large, or import JSON as plain Node 20 does not. */
const BUNDLED_PACKAGES = /^(@actions\/|zod$)/

interface Programs {
  readonly fit: boolean
  readonly make: () => Promise<void>
}

/** The programs in `.next/programs`, each in one file, and whether they are made of these very sources. */
export function bundledPrograms(projectDirectory: string): Programs {
  const output = path.join(projectDirectory, OUTPUT)
  const mark = `${output}-made-from`
  const wanted = fingerprint(projectDirectory, SOURCES, ['src/server/platform/generated'], [process.version])
  const marked = () => `${wanted} ${fingerprint(projectDirectory, [OUTPUT], [])}`
  return {
    fit: existsSync(mark) && readFileSync(mark, 'utf8') === marked(),
    async make() {
      rmSync(output, { recursive: true, force: true })
      const { build } = await import('esbuild')
      await build({
        absWorkingDir: projectDirectory,
        entryPoints: Object.fromEntries(PROGRAMS.map((program) => [bundleName(program), program])),
        outdir: output,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        splitting: true,
        format: 'esm',
        platform: 'node',
        banner: { js: '#!/usr/bin/env node' },
        target: 'node20',
        plugins: [packagesWhereTheyAre, directoriesOfSources(output)],
        logLevel: 'silent',
      })
      chmodSync(bundleOf(projectDirectory, SCHEMA_ENGINE), 0o755)
      writeFileSync(mark, marked())
    },
  }
}

/**
 * What Node is to run for a program: its bundle, which is up in a quarter of the time, or, where that is missing or of other
 * sources, the program itself.
 */
export const programArgs = (projectDirectory: string, program: Program): readonly string[] =>
  bundledPrograms(projectDirectory).fit
    ? [bundleOf(projectDirectory, program)]
    : ['--import', 'tsx', path.join(projectDirectory, program)]

/** What Prisma's CLI is to execute as its schema engine. */
export const schemaEngine = (projectDirectory: string): string =>
  bundledPrograms(projectDirectory).fit
    ? bundleOf(projectDirectory, SCHEMA_ENGINE)
    : path.join(projectDirectory, 'prisma/schema-engine/schema-engine.mjs')

const bundleName = (program: Program) =>
  program
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .replaceAll('/', '-')
const bundleOf = (projectDirectory: string, program: Program) =>
  path.join(projectDirectory, OUTPUT, `${bundleName(program)}.mjs`)

const packagesWhereTheyAre: Plugin = {
  name: 'packages where they are',
  setup(build) {
    build.onResolve({ filter: /^[^.~/]/ }, ({ path: name, kind }) =>
      kind === 'entry-point' || BUNDLED_PACKAGES.test(name) ? undefined : { path: name, external: true },
    )
  },
}

/** A source that asks for its own directory gets that of the source, wherever the checkout was moved with its bundles. */
const directoriesOfSources = (output: string): Plugin => ({
  name: 'directories of sources',
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path: file }) => {
      const up = JSON.stringify(`/${path.relative(output, path.dirname(file))}`)
      const contents = readFileSync(file, 'utf8').replaceAll('import.meta.dirname', `(import.meta.dirname + ${up})`)
      return { contents, loader: 'ts' }
    })
  },
})
