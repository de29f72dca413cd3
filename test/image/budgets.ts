import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Container, succeed } from './podman.ts'

const MEGABYTE = 1_000_000

/** What must not be in the image: tools of builds and tests, and native code beside Node. */
const TOOLS =
  /\/node_modules\/(typescript|tsx|esbuild|prisma|sharp|@img|@prisma\/engines|vitest|@biomejs|@tailwindcss)\//

/** Its size on disk and as it is sent. Fails if it holds what it must not. */
export async function weighImage(image: string): Promise<{ megabytes: number; compressedMegabytes: number }> {
  const mounted = (await succeed('podman', ['image', 'mount', image])).trim()
  const files = filesBelow(path.join(mounted, 'app'))
  await succeed('podman', ['image', 'unmount', image])
  assert.deepEqual(
    files.filter((file) => TOOLS.test(file) || /\.(node|so|ts|map)$/.test(file)),
    [],
  )
  const size = Number(await succeed('podman', ['image', 'inspect', '--format', '{{.Size}}', image]))
  const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-pushed-'))
  try {
    await succeed('podman', [
      'push',
      '--quiet',
      '--compress',
      '--compression-format',
      'gzip',
      image,
      `dir:${directory}`,
    ])
    const sent = readdirSync(directory).map((file) => statSync(path.join(directory, file)).size)
    return { megabytes: size / MEGABYTE, compressedMegabytes: sent.reduce((sum, one) => sum + one, 0) / MEGABYTE }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => path.join(parentPath, name))
}

/** Memory and CPU time of the process in a container. */
export async function measureImage(container: Container): Promise<{ megabytes: number; cpuSeconds: number }> {
  const pid = await container.pid()
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  // The fields after the name, from the third of proc(5): utime and stime are the 14th and 15th, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return { megabytes: kilobytes / 1_024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 }
}
