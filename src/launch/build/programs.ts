import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'esbuild'
import { fingerprint } from './fingerprint.ts'

/** The programs beside the server, each with its own process. */
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
/** The command line for operators (docs/adr/059). Its bundle is one file, which people copy to other machines. */
const COMMAND_LINE = 'src/command-line/main.ts'
const SCHEMA_ENGINE = 'prisma/schema-engine/main.ts'

const OUTPUT = '.next/programs'
const COMMAND_LINE_NAME = 'deploy-console'
/** The bundle of the command line, in the project directory and in the image. */
export const COMMAND_LINE_FILE = `${OUTPUT}/${COMMAND_LINE_NAME}.mjs`
const SOURCES = [
  'src',
  'package.json',
  'prisma/schema.prisma',
  'prisma/schema-engine',
  'tsconfig.json',
  'package-lock.json',
]
/** Bundled because they are large, or import JSON in a way that Node 20 does not support. Others load from node_modules. */
const BUNDLED_PACKAGES = /^(@actions\/|zod$)/

interface Programs {
  readonly fit: boolean
  readonly make: () => Promise<void>
  /** From now on the programs start from their sources, until the bundles are made again. */
  readonly discard: () => void
}

/** The bundles in `.next/programs`. `fit` says whether they are made from the current sources. */
export function bundledPrograms(projectDirectory: string): Programs {
  const output = path.join(projectDirectory, OUTPUT)
  const mark = `${output}-made-from`
  const wanted = fingerprint(projectDirectory, SOURCES, ['src/server/platform/generated'], [process.version])
  const marked = () => `${wanted} ${fingerprint(projectDirectory, [OUTPUT], [])}`
  return {
    fit: existsSync(mark) && readFileSync(mark, 'utf8') === marked(),
    discard: () => rmSync(mark, { force: true }),
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
      await build({
        absWorkingDir: projectDirectory,
        entryPoints: { [COMMAND_LINE_NAME]: COMMAND_LINE },
        outdir: output,
        outExtension: { '.js': '.mjs' },
        bundle: true,
        minifySyntax: true,
        minifyWhitespace: true,
        format: 'esm',
        platform: 'node',
        banner: { js: '#!/usr/bin/env node' },
        target: 'node20',
        define: { COMMAND_LINE_VERSION: JSON.stringify(versionOf(projectDirectory)) },
        logLevel: 'silent',
      })
      chmodSync(bundleOf(projectDirectory, SCHEMA_ENGINE), 0o755)
      writeFileSync(mark, marked())
    },
  }
}

/** Node's arguments for a program: its bundle (docs/adr/034), or its source if the bundle is missing or outdated. */
export const programArgs = (projectDirectory: string, program: Program): readonly string[] =>
  bundledPrograms(projectDirectory).fit
    ? [bundleOf(projectDirectory, program)]
    : ['--import', 'tsx', path.join(projectDirectory, program)]

/** The schema engine for Prisma's CLI. */
export const schemaEngine = (projectDirectory: string): string =>
  bundledPrograms(projectDirectory).fit
    ? bundleOf(projectDirectory, SCHEMA_ENGINE)
    : path.join(projectDirectory, 'prisma/schema-engine/schema-engine.mjs')

function versionOf(projectDirectory: string): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(projectDirectory, 'package.json'), 'utf8'))
  return String(Object(manifest).version)
}

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

/** Put together, so that a bundle of this file does not have it replaced. */
const DIRECTORY = ['import', 'meta', 'dirname'].join('.')

/** Gives each source its own directory as `import.meta.dirname`, also after the checkout was moved. */
export const directoriesOfSources = (output: string): Plugin => ({
  name: 'directories of sources',
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path: file }) => {
      const up = JSON.stringify(`/${path.relative(output, path.dirname(file))}`)
      const contents = readFileSync(file, 'utf8').replaceAll(DIRECTORY, `(${DIRECTORY} + ${up})`)
      return { contents, loader: 'ts' }
    })
  },
})
