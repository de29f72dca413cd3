import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Applied } from '~/server/surfaces/declare/apply-surfaces'
import type { SurfaceChange } from '~/server/surfaces/declare/compare-surfaces'
import type { SurfaceDeclaration } from '~/server/surfaces/declare/declarations'
import { type CommandContext, serverCommand } from './server-command.ts'

const projectDirectory = path.resolve(import.meta.dirname, '../../..')

export const surfacesApply = serverCommand({
  name: 'surfaces apply',
  summary: 'stores the surfaces that surfaces.yaml declares, and prints what changes',
  options: {
    'dry-run': { type: 'boolean', summary: 'print what would change, and change nothing' },
    archive: {
      type: 'boolean',
      summary:
        'also archive stored surfaces that the file no longer declares. They leave the grid and keep their history',
    },
    json: { type: 'boolean', summary: 'print the changes as JSON' },
  },
  input: z.object({
    'dry-run': z.boolean().default(false),
    archive: z.boolean().default(false),
    json: z.boolean().default(false),
  }),
  run: async (context, { 'dry-run': dryRun, archive, json }) => {
    const { applySurfaces } = await import('~/server/surfaces/declare/apply-surfaces')
    const { deps, config, print } = context
    const declared = await readDeclared(context)
    if (!json) await noteSandbox(context)
    let isRefused = false
    const applied = await applySurfaces(deps, declared, {
      actor: 'console',
      mayApply: ({ changes }) => {
        isRefused = !archive && changes.some(({ kind }) => kind === 'archived')
        return !isRefused && !dryRun
      },
    })
    const lines = json
      ? [JSON.stringify({ ...applied, isRefused }, null, 2)]
      : textOf(applied, { declared, isRefused, file: config.surfacesFile })
    for (const line of lines) await print(line)
    return isRefused ? 'failed' : 'done'
  },
})

const INDENT = 10

function textOf(
  { changes, moved, isApplied, busy, idleFreezes }: Applied,
  {
    declared,
    isRefused,
    file,
  }: { readonly declared: readonly SurfaceDeclaration[]; readonly isRefused: boolean; readonly file: string },
): string[] {
  const byId = new Map(declared.map((surface) => [surface.id, surface]))
  const total = changes.length + moved.length
  const count = total === 1 ? '1 change' : `${total} changes`
  const last = isRefused
    ? `REFUSED: ${file} no longer declares ${changes.flatMap(({ id, kind }) => (kind === 'archived' ? [id] : [])).join(', ')}. ` +
      'Nothing was changed. Declare these surfaces again, or add --archive to archive them.'
    : total === 0
      ? `The stored surfaces are the ${declared.length} that ${file} declares. Nothing was changed.`
      : isApplied
        ? `${count} applied.`
        : `${count} to apply. Nothing was changed.`
  return [
    ...changes.flatMap((change) => linesOf(change, byId.get(change.id), busy)),
    ...(moved.length === 0 ? [] : [`${'moved'.padEnd(INDENT)}${moved.join(', ')} (place on the grid)`]),
    last,
    ...idleFreezes.map((warning) => `! ${warning}`),
  ]
}

function linesOf(
  { id, kind, keys, weakenings }: SurfaceChange,
  surface: SurfaceDeclaration | undefined,
  busy: readonly string[],
): string[] {
  const head = `${kind.padEnd(INDENT)}${id}`
  if (kind === 'added' && surface !== undefined) {
    return [`${head}: ${surface.environment}, ${surface.repository}, ${surface.workflow}`]
  }
  if (busy.includes(id)) return [`${head} (a deploy is in progress or holds it, so its tile stays until then)`]
  const details = [
    ...keys.map(({ key, before, after }) => `${key}: ${before} → ${after}`),
    ...weakenings.map(({ text }) => `! ${text}`),
  ]
  return [head, ...details.map((text) => ' '.repeat(INDENT) + text)]
}

/** Somebody who forgot to set the credentials of the console in this terminal is told which console the command is about. */
export async function noteSandbox({ deps, print }: Pick<CommandContext, 'deps' | 'print'>): Promise<void> {
  const { isSandboxDatabase } = await import('~/server/members/manage/claim-database')
  if (await isSandboxDatabase(deps)) await print('! No GitHub credentials are set, so this is about the sandbox.')
}

/** The surfaces that the file declares. Throws if it has errors. */
export async function readDeclared({ config, deps }: Pick<CommandContext, 'config' | 'deps'>) {
  const { isSandboxDatabase } = await import('~/server/members/manage/claim-database')
  const { readSurfacesFile } = await import('~/server/surfaces/declare/read-surfaces-file')
  const sandboxUrl = (await isSandboxDatabase(deps)) ? lastSandboxUrl(config.dataDir) : undefined
  return readSurfacesFile(path.resolve(projectDirectory, config.surfacesFile), sandboxUrl)
}

/** The address of the sandbox under DATA_DIR. The sandbox keeps its address from one start to the next. */
function lastSandboxUrl(dataDir: string): string {
  const file = path.resolve(projectDirectory, dataDir, 'sandbox/sandbox.json')
  if (!existsSync(file)) {
    throw new Error(
      `This database belongs to a sandbox console, but ${file} does not exist. Nothing was changed. ` +
        'Start the console (npm start), which applies the surfaces of the sandbox by itself.',
    )
  }
  return z.object({ url: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).url
}
