import { fullName } from '~/domain/ref'
import type { RefChoices } from '~/domain/surface/review'

export interface RefOption {
  /** The value that is sent as the ref. */
  readonly ref: string
  readonly kind: 'branch' | 'tag' | 'commit' | 'typed'
  readonly label: string
  readonly sha: string | null
  readonly detail: string | null
  readonly at: string | null
}

export interface RefGroup {
  readonly label: string
  readonly items: readonly RefOption[]
}

const NO_CHOICES: RefChoices = { branches: [], tags: [], commits: [], defaultMissing: false, notes: [] }

/**
 * The list under the ref field: the default ref first, then other branches, tags and recent commits that match what was
 * typed. Text that is none of them is offered as it stands, since GitHub knows more refs and commits than fit a list.
 */
export function refGroups(choices: RefChoices | undefined, defaultRef: string, typed: string): readonly RefGroup[] {
  const { branches, tags, commits, defaultMissing } = choices ?? NO_CHOICES
  const query = typed.trim()
  const wanted = query.toLowerCase()
  const matches = (...texts: readonly string[]) => texts.some((text) => text.toLowerCase().includes(wanted))

  const option = (kind: 'branch' | 'tag', name: string, sha: string | null): RefOption => ({
    ref: fullName(kind, name),
    kind,
    label: name,
    sha,
    detail: null,
    at: null,
  })
  const defaultBranch = branches.find(({ name }) => name === defaultRef)
  const defaultTag = tags.find(({ name }) => name === defaultRef)
  // While the kind is unknown, the short name is sent. The server resolves or refuses it.
  const unknownDefault: RefOption = { ...option('branch', defaultRef, null), ref: defaultRef }
  const taggedDefault = defaultTag === undefined ? unknownDefault : option('tag', defaultRef, defaultTag.sha)
  const defaultOption = defaultBranch === undefined ? taggedDefault : option('branch', defaultRef, defaultBranch.sha)
  const named = (list: RefChoices['tags'], kind: 'branch' | 'tag') =>
    list
      .map(({ name, sha }) => option(kind, name, sha))
      .filter(
        ({ ref, label, sha }) =>
          ref !== defaultOption.ref && (matches(label) || (sha !== null && startsWithSha(sha, wanted))),
      )
      .toSorted((a, b) => Number(isExactly(b, query)) - Number(isExactly(a, query)))
  const recent = commits
    .filter(({ sha, title, author }) => matches(title, author) || startsWithSha(sha, wanted))
    .map(
      ({ sha, title, author, at }): RefOption => ({ ref: sha, kind: 'commit', label: title, sha, detail: author, at }),
    )

  const groups: RefGroup[] = [
    { label: 'Default', items: matches(defaultRef) && !defaultMissing ? [defaultOption] : [] },
    { label: 'Branches', items: named(branches, 'branch') },
    { label: 'Tags', items: named(tags, 'tag') },
    { label: 'Recent commits', items: recent },
  ]
  const isExact = (group: RefGroup) => group.items.some((item) => isExactly(item, query))
  const exact = groups.some(isExact)
  const asTyped: RefOption = { ref: query, kind: 'typed', label: query, sha: null, detail: null, at: null }
  // Enter takes the first item: an exact match must come before a longer name that contains it.
  const ordered = groups.toSorted((a, b) => Number(isExact(b)) - Number(isExact(a)))
  const all = query === '' || exact ? ordered : [...ordered, { label: 'As typed', items: [asTyped] }]
  return all.filter((group) => group.items.length > 0)
}

const isExactly = ({ ref, kind, label }: RefOption, query: string) =>
  ref === query || (kind !== 'commit' && label === query)

const startsWithSha = (sha: string, wanted: string) => wanted.length >= 4 && sha.startsWith(wanted)
