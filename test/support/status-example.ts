import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'docs/adding-a-status.md'), 'utf8')
const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, block = '']) => block)

export interface StatusExample {
  readonly directory: string
  /** The status table after the example's change. */
  readonly table: typeof import('~/domain/deploy/status')
  readonly migration: string
  readonly remove: () => void
}

/** A copy of the domain, the workflows and two pages with the changes of docs/adding-a-status.md applied. */
export async function applyStatusExample(): Promise<StatusExample> {
  const directory = mkdtempSync(path.join(tmpdir(), 'status-example-'))
  for (const part of [
    'src/domain',
    '.github/workflows',
    'docs/contract.md',
    'docs/operations/connect.md',
    'tsconfig.json',
  ]) {
    mkdirSync(path.dirname(path.join(directory, part)), { recursive: true })
    cpSync(path.join(root, part), path.join(directory, part), { recursive: true })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'))
  for (const diff of blocksOf('diff')) applyBlock(directory, diff)
  return {
    directory,
    table: await import(path.join(directory, 'src/domain/deploy/status.ts')),
    migration: blocksOf('sql').join('\n'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

function applyBlock(directory: string, diff: string): void {
  try {
    execFileSync('git', ['apply', '-'], { cwd: directory, input: diff, stdio: 'pipe' })
  } catch (cause) {
    const file = /^\+\+\+ b\/(.*)$/m.exec(diff)?.[1]
    throw new Error(
      `The block for ${file} in docs/adding-a-status.md does not fit the file, whose lines have changed. Copy the changed lines into the block.`,
      { cause },
    )
  }
}
