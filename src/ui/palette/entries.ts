import type { ListedDeploy } from '~/domain/deploy/deploy-list'
import { RETURN_VERB } from '~/domain/deploy/source'
import { statusWord } from '~/domain/deploy/status'
import { refLabel, shortSha } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { withTarget } from '~/ui/deploy-modal/frame/target'
import { promotableTo } from '~/ui/deploy-modal/new-deploy/promote-choice'
import { isSurfaceFree, lockAddress } from '~/ui/surfaces/way-back'

export const GROUPS = ['Actions', 'Surfaces', 'Deploys', 'Pages', 'People', 'Console'] as const

/** What the console itself does, without an address. */
export type Run = 'keys' | 'single_keys' | 'theme_system' | 'theme_light' | 'theme_dark' | 'sign_out'

/** One line of the palette. `verb` and `tail` are the console's words; `subject` and `detail` may be foreign text. */
export interface Entry {
  readonly id: string
  readonly group: (typeof GROUPS)[number]
  readonly verb: string
  readonly subject: string
  readonly tail: string
  readonly detail: string
  readonly to: { readonly href: string } | { readonly run: Run }
}

/** A page of the navigation, and the letter that leads to it after `g`. */
export interface ReachedPage {
  readonly href: string
  readonly name: string
  readonly key: string
}

interface Person {
  readonly userId: string
  readonly name: string
  readonly email: string
}

export interface Known {
  readonly tiles: readonly SurfaceTile[]
  readonly pages: readonly ReachedPage[]
  readonly people: readonly Person[]
  readonly mayDeploy: (tile: SurfaceTile) => boolean
  readonly mayLock: boolean
}

const entry = (
  id: string,
  group: Entry['group'],
  to: Entry['to'],
  { verb = '', subject = '', tail = '', detail = '' }: Partial<Entry>,
): Entry => ({ id, group, to, verb, subject, tail, detail })

/** Everything the palette reaches. An entry never acts by itself: it opens the page or dialog that confirms the action. */
export function listEntries({ tiles, pages, people, mayDeploy, mayLock }: Known): readonly Entry[] {
  return [
    ...tiles.flatMap((tile) => actionsOf(tile, tiles, { mayDeploy: mayDeploy(tile), mayLock })),
    ...tiles.map((tile) =>
      entry(
        `surface ${tile.id}`,
        'Surfaces',
        { href: `/surfaces/${encodeURIComponent(tile.id)}` },
        named(tile, tile.id),
      ),
    ),
    ...tiles.flatMap((tile) => deploysOf(tile)),
    ...pages.map(({ href, name }) => entry(`page ${href}`, 'Pages', { href }, { verb: name })),
    ...people.map(({ userId, name, email }) =>
      entry(`person ${userId}`, 'People', { href: '/people' }, { subject: name, detail: email }),
    ),
    ...CONSOLE,
  ]
}

const named = (tile: SurfaceTile, detail = ''): Partial<Entry> => ({
  subject: tile.name,
  tail: tile.environment,
  detail,
})

function actionsOf(
  tile: SurfaceTile,
  tiles: readonly SurfaceTile[],
  { mayDeploy, mayLock }: { readonly mayDeploy: boolean; readonly mayLock: boolean },
): readonly Entry[] {
  const running = tile.lastDeploy?.terminal === false ? tile.lastDeploy : null
  const open = (target: Parameters<typeof withTarget>[1]) => ({ href: `/${withTarget('', target)}` })
  const surfaceId = tile.id
  const action = (name: string, to: Entry['to'], parts: Partial<Entry>) =>
    entry(`${name} ${surfaceId}`, 'Actions', to, { ...named(tile, surfaceId), ...parts })
  const found: Entry[] = []
  if (running !== null)
    found.push(action('follow', open({ kind: 'deploy', deployId: running.id }), { verb: 'Follow the deploy of' }))
  if (tile.waiting !== null)
    found.push(
      action('approval', open({ kind: 'approval', approvalId: tile.waiting.approvalId }), {
        verb: 'Open the request for',
      }),
    )
  if (mayDeploy && isSurfaceFree(tile)) {
    found.push(action('deploy', open({ kind: 'new', surfaceId, ref: null }), { verb: 'Deploy' }))
    const back = tile.lastGood
    if (back !== null) {
      const source = { kind: 'rollback', deployId: back.deployId } as const
      found.push(
        action('back', open({ kind: 'new', surfaceId, ref: back.sha, source }), {
          verb: 'Roll back',
          detail: `${RETURN_VERB} ${shortSha(back.sha)}`,
        }),
      )
    }
    for (const other of promotableTo(tile, tiles)) {
      if (other.version === null) continue
      const source = { kind: 'promotion', surfaceId: other.id } as const
      found.push(
        action(`promote ${other.id} to`, open({ kind: 'new', surfaceId, ref: other.version.sha, source }), {
          verb: 'Promote to',
          detail: `${other.id} runs ${shortSha(other.version.sha)}`,
        }),
      )
    }
  }
  if (mayLock && !tile.archived) found.push(action('lock', { href: lockAddress(surfaceId) }, { verb: 'Lock' }))
  return found
}

function deploysOf(tile: SurfaceTile): readonly Entry[] {
  const { lastDeploy } = tile
  if (lastDeploy === null) return []
  const { id, status, ref, sha, requestedBy } = lastDeploy
  const what = ref === sha ? shortSha(sha) : refLabel(ref)
  return [
    entry(
      `last ${id}`,
      'Deploys',
      { href: `/?deploy=${id}` },
      {
        verb: `${statusWord(status)}:`,
        ...named(tile, `${what} · ${requestedBy}${sha === null ? '' : ` · ${shortSha(sha)}`}`),
      },
    ),
  ]
}

const run = (name: Run, verb: string) => entry(name, 'Console', { run: name }, { verb })

const CONSOLE: readonly Entry[] = [
  run('keys', 'Show the keys'),
  run('theme_system', 'Theme: as the system'),
  run('theme_light', 'Theme: light'),
  run('theme_dark', 'Theme: dark'),
  run('single_keys', 'Turn keys without Ctrl or ⌘ on or off'),
  run('sign_out', 'Sign out'),
]

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** How many entries of a group are shown, so that no group hides the others. */
const SHOWN = { Actions: 8, Surfaces: 8, Deploys: 6, Pages: 14, People: 6, Console: 8 } as const

export interface EntryGroup {
  readonly label: Entry['group']
  readonly items: readonly Entry[]
}

/**
 * The entries that contain every typed word, those whose own text starts with what was typed first. Without text: what is under way or
 * wrong, and the pages. The id of a deploy leads to that deploy.
 */
export function findEntries(
  entries: readonly Entry[],
  typed: string,
  urgent: ReadonlySet<string>,
  deploys: readonly Entry[] = [],
): readonly EntryGroup[] {
  const text = typed.trim().toLowerCase()
  const words = text.split(/\s+/)
  const byId = UUID.test(text)
    ? [entry(`deploy ${text}`, 'Deploys', { href: `/?deploy=${text}` }, { verb: 'Open the deploy', subject: text })]
    : []
  const matching =
    text === ''
      ? entries.filter(({ group, id }) => group === 'Pages' || group === 'Console' || urgent.has(id))
      : entries.filter((one) => words.every((word) => wordsOf(one).includes(word)))
  const known = new Set([...byId, ...matching].map(addressOf))
  const found = [...byId, ...matching, ...deploys.filter((one) => !known.has(addressOf(one)))]
  return GROUPS.flatMap((label) => {
    const items = found.filter(({ group }) => group === label)
    const [first, rest] = [
      items.filter((one) => wordsOf(one).startsWith(text)),
      items.filter((one) => !wordsOf(one).startsWith(text)),
    ]
    return items.length === 0 ? [] : [{ label, items: [...first, ...rest].slice(0, SHOWN[label]) }]
  })
}

const addressOf = ({ id, to }: Entry) => ('href' in to ? to.href : id)

/** Deploys that the server found. */
export const entriesOfDeploys = (deploys: readonly ListedDeploy[]): readonly Entry[] =>
  deploys.map(({ id, status, ref, sha, requestedBy, surface }) =>
    entry(
      `found ${id}`,
      'Deploys',
      { href: `/?deploy=${id}` },
      {
        verb: `${statusWord(status)}:`,
        subject: surface.name,
        tail: surface.environment,
        detail: `${ref === sha ? shortSha(sha) : refLabel(ref)} · ${requestedBy}${sha === null ? '' : ` · ${shortSha(sha)}`}`,
      },
    ),
  )

const wordsOf = ({ verb, subject, tail, detail }: Entry) => [verb, subject, tail, detail].join(' ').trim().toLowerCase()
