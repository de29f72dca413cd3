import { inRepository, type Repository, tryInRepository } from '~/sandbox/git/repository'

export interface NamedRef {
  readonly name: string
  readonly sha: string
}

const list = async (repository: Repository, namespace: 'heads' | 'tags'): Promise<NamedRef[]> => {
  // %(*objectname) is the commit of an annotated tag. It is empty for a branch or a lightweight tag.
  const format = '%(refname:strip=2)%00%(objectname)%00%(*objectname)'
  const output = await inRepository(repository, ['for-each-ref', `--format=${format}`, `refs/${namespace}`])
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', sha = '', peeled = ''] = line.split('\0')
      return { name, sha: peeled === '' ? sha : peeled }
    })
}

interface RefObject {
  readonly sha: string
  readonly type: string
}

export interface GitRef {
  readonly ref: string
  readonly object: RefObject
}

/** Every branch and tag by its full name, with its object. The object of an annotated tag is the tag itself. */
export const listGitRefs = async (repository: Repository): Promise<GitRef[]> => {
  const format = '%(refname)%00%(objectname)%00%(objecttype)'
  const output = await inRepository(repository, ['for-each-ref', `--format=${format}`, 'refs/heads', 'refs/tags'])
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', sha = '', type = ''] = line.split('\0')
      return { ref, object: { sha, type } }
    })
}

interface TagObject {
  readonly tag: string
  readonly message: string
  readonly tagger: { readonly name: string; readonly email: string; readonly date: string }
  readonly object: RefObject
}

/** An annotated tag by the SHA of the tag object. */
export const readTagObject = async (repository: Repository, sha: string): Promise<TagObject | undefined> => {
  if (!/^[0-9a-f]{40}$/.test(sha)) return undefined
  const result = await tryInRepository(repository, ['cat-file', 'tag', sha])
  if (result.code !== 0) return undefined
  const [head = '', ...message] = result.stdout.split('\n\n')
  const field = (name: string): string => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1] ?? ''
  const [, name = '', email = '', seconds = '0'] = /^(.*) <(.*)> (\d+)/.exec(field('tagger')) ?? []
  const date = new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
  return {
    tag: field('tag'),
    message: message.join('\n\n').trimEnd(),
    tagger: { name, email, date },
    object: { sha: field('object'), type: field('type') },
  }
}

export const listBranches = (repository: Repository): Promise<NamedRef[]> => list(repository, 'heads')

/** Tags in GitHub's order: newest version first. */
export const listTags = async (repository: Repository): Promise<NamedRef[]> => {
  const tags = await list(repository, 'tags')
  return tags.sort((a, b) => b.name.localeCompare(a.name, 'en', { numeric: true }))
}

// git check-ref-format(1). Also excludes options and revision syntax (main~3, main@{1}, :/text).
const isRefName = (name: string): boolean =>
  /^(?![-/.])[^\0-\x20\x7f~^:?*[\\]+$/.test(name) && !/\.\.|@\{|\/\/|\/$/.test(name)

/** The commit of each revision, in their order. One process answers for all of them: to start git costs more than to ask it. */
const commitsOf = async (
  repository: Repository,
  revisions: readonly string[],
): Promise<readonly (string | undefined)[]> => {
  const input = revisions.map((revision) => `${revision}^{commit}\n`).join('')
  const output = await inRepository(repository, ['cat-file', '--batch-check'], { input })
  const lines = output.split('\n')
  return revisions.map((_, index) => /^([0-9a-f]{40}) commit /.exec(lines[index] ?? '')?.[1])
}

export interface ResolvedRef {
  readonly sha: string
  readonly kind: 'branch' | 'tag'
  readonly name: string
}

/** What a name may stand for: a branch before a tag, as on GitHub. */
const candidatesOf = (ref: string): readonly Omit<ResolvedRef, 'sha'>[] => [
  ...(ref.startsWith('refs/tags/') ? [] : [{ kind: 'branch', name: ref.replace(/^refs\/heads\//, '') } as const]),
  ...(ref.startsWith('refs/heads/') ? [] : [{ kind: 'tag', name: ref.replace(/^refs\/tags\//, '') } as const]),
]

const fullNameOf = ({ kind, name }: Omit<ResolvedRef, 'sha'>): string =>
  `refs/${kind === 'branch' ? 'heads' : 'tags'}/${name}`

/** A branch or tag by its short or full name. A workflow can be dispatched on nothing else. */
export const resolveNamedRef = async (repository: Repository, ref: string): Promise<ResolvedRef | undefined> => {
  if (!isRefName(ref)) return undefined
  const candidates = candidatesOf(ref)
  const shas = await commitsOf(repository, candidates.map(fullNameOf))
  const found = shas.findIndex((sha) => sha !== undefined)
  const [candidate, sha] = [candidates[found], shas[found]]
  return candidate === undefined || sha === undefined ? undefined : { sha, ...candidate }
}

/** Any commit-ish of GitHub's REST API: branch, tag, full or short SHA, `heads/x`. Git's revision syntax is excluded. */
export const resolveCommit = async (repository: Repository, ref: string): Promise<string | undefined> => {
  if (!isRefName(ref)) return undefined
  const names = [ref.replace(/^(heads|tags)\//, 'refs/$1/'), ref].flatMap(candidatesOf).map(fullNameOf)
  const shas = await commitsOf(repository, /^[0-9a-f]{4,40}$/i.test(ref) ? [...names, ref] : names)
  return shas.find((sha) => sha !== undefined)
}
