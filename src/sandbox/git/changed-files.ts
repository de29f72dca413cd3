import { inRepository, type Repository } from '~/sandbox/git/repository'

type FileStatus = 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'

export interface ChangedFile {
  readonly sha: string
  readonly filename: string
  readonly previousFilename: string | undefined
  readonly status: FileStatus
  readonly additions: number
  readonly deletions: number
  readonly patch: string | undefined
}

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

const statuses: Readonly<Record<string, FileStatus>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
}

interface Raw {
  readonly sha: string
  readonly status: FileStatus
  readonly filename: string
  readonly previousFilename: string | undefined
}

/** `--raw -z`: `:mode mode sha sha status NUL path NUL [path NUL]`, two paths for a rename or a copy (git-diff-tree(1)). */
const parseRaw = (output: string): Raw[] => {
  const fields = output.split('\0')
  const files: Raw[] = []
  for (let at = 0; fields[at]?.startsWith(':'); ) {
    const [, , from = '', to = '', letter = ''] = (fields[at] ?? '').split(' ')
    const status = statuses[letter.slice(0, 1)] ?? 'modified'
    const moved = status === 'renamed' || status === 'copied'
    const first = fields[at + 1] ?? ''
    files.push({
      sha: status === 'removed' ? from : to,
      status,
      filename: moved ? (fields[at + 2] ?? '') : first,
      previousFilename: moved ? first : undefined,
    })
    at += moved ? 3 : 2
  }
  return files
}

/** One text per file in the order of `--raw`. A line of a file always starts with ` `, `+`, `-` or `\`, so the split is safe. */
const splitPatches = (output: string): string[] => output.split(/^diff --git /m).slice(1)

const countLines = (patch: string | undefined, sign: '+' | '-'): number =>
  patch === undefined ? 0 : patch.split('\n').filter((line) => line.startsWith(sign)).length

/** What changed between two commits (`undefined`: from nothing, for a first commit). */
export const changedFiles = async (
  repository: Repository,
  from: string | undefined,
  to: string,
): Promise<ChangedFile[]> => {
  const range = ['-r', '-M', '--no-color', '--full-index', from ?? EMPTY_TREE, to]
  const [raw, patches] = await Promise.all([
    inRepository(repository, ['diff-tree', '--raw', '-z', ...range]),
    inRepository(repository, ['diff-tree', '--patch', ...range]),
  ])
  const texts = splitPatches(patches)
  return parseRaw(raw).map((file, index) => {
    const text = texts[index] ?? ''
    const start = text.search(/^@@ /m)
    const patch = start < 0 ? undefined : text.slice(start).trimEnd()
    return { ...file, patch, additions: countLines(patch, '+'), deletions: countLines(patch, '-') }
  })
}
