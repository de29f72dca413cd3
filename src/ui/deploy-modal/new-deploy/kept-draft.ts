import { z } from 'zod'
import { dispatchInput, reviewBasis } from '~/domain/deploy/request'
import type { Review } from '~/domain/surface/review'
import { DRAFT_PREFIX } from '~/ui/deploy-modal/frame/target'
import { type Flow, hasEntries } from '~/ui/deploy-modal/new-deploy/flow'

/** One draft for each member and surface, so that nobody continues another member's draft. */
const PREFIX = DRAFT_PREFIX
const nameOf = (email: string, surfaceId: string) => `${PREFIX}${email} ${surfaceId}`

const text = z.string().max(500)
const draft = z.object({
  ref: z.string().max(255),
  reason: text,
  override: text,
  source: dispatchInput.shape.source.unwrap().nullable(),
  /** An earlier version of the console did not store it. */
  filled: z.record(z.string(), z.string().max(1_000)).default({}),
})

const commits = z.array(
  z.object({ sha: z.string(), title: z.string(), author: z.string(), at: z.string(), url: z.string() }),
)
const reviewed = z.object({
  runningSha: z.string().nullable(),
  comparison: z
    .object({
      kind: z.enum(['identical', 'ahead', 'behind', 'diverged']),
      adds: z.number(),
      removes: z.number(),
      commits,
      removed: commits,
      /** An earlier version of the console did not store it. */
      touching: z
        .object({
          paths: z.array(z.string()),
          known: z.object({ adds: z.number(), removes: z.number(), shas: z.array(z.string()) }).nullable(),
        })
        .nullable()
        .default(null),
      url: z.string(),
    })
    .nullable(),
  /** An earlier version of the console did not store them. */
  pulls: z
    .array(z.object({ number: z.number(), title: z.string(), author: z.string(), url: z.string(), sha: z.string() }))
    .default([]),
  /** An earlier version of the console did not store it. */
  checklist: z.array(z.string()).default([]),
  /** An earlier version of the console did not store it. */
  basis: reviewBasis.nullable().default(null),
}) satisfies z.ZodType<Pick<Review, 'runningSha' | 'comparison' | 'pulls' | 'checklist'>>

/** The stored form. The typed name and the ticks are left out, because they are required again at each look, and so are the console's answers. */
const keptDraft = z.object({
  /** The ref in the address when the dialog was opened. A dialog for another ref starts empty. */
  begunWith: z.string().nullable(),
  /** By the local clock. */
  at: z.number(),
  flow: z.discriminatedUnion('step', [
    z.object({ step: z.literal('choose'), draft }),
    z.object({ step: z.literal('review'), draft }),
    z.object({
      step: z.literal('confirm'),
      draft,
      sha: z.string().max(64),
      /** An earlier version of the console did not store it. */
      reviewed: reviewed.nullable().default(null),
      override: z.object({ reason: text, freezeIds: z.array(z.string()) }).nullable(),
      inputs: z.record(z.string(), z.string()).default({}),
      /** Only of a request that was sent: what was not is ticked again. */
      ticked: z.array(z.string()).default([]),
      queue: z.boolean().default(false),
      key: z.string(),
      /** Whether the request was sent and its outcome is unknown. */
      sent: z.boolean(),
    }),
  ]),
})

/** A flow as text to store; null while nothing was chosen or typed. */
export function draftText(flow: Flow, begunWith: string | null, at: number): string | null {
  const { typed: _, ...entered } = flow.draft
  if (flow.step === 'choose' && entered.ref === '' && !hasEntries(flow)) return null
  if (flow.step !== 'confirm') return JSON.stringify({ begunWith, at, flow: { step: flow.step, draft: entered } })
  const { step, sha, reviewed, override, inputs, queue, attempt } = flow
  const key = attempt.state === 'open' ? attempt.key : attempt.request.idempotencyKey
  const sent = attempt.state !== 'open' || attempt.sentBefore
  const ticked = attempt.state === 'open' ? (sent ? flow.ticked : []) : (attempt.request.checklist ?? [])
  const kept = { step, draft: entered, sha, reviewed, override, inputs, ticked, queue, key, sent }
  return JSON.stringify({ begunWith, at, flow: kept })
}

/** Reads what `draftText` wrote. Null for any other text, which another version of the console may have written. */
export function readDraftText(written: string): { begunWith: string | null; at: number; flow: Flow } | null {
  const kept = keptDraft.safeParse(parseJson(written)).data
  if (kept === undefined) return null
  const { begunWith, at, flow } = kept
  const entered = { ...flow.draft, typed: '' }
  if (flow.step === 'choose') return { begunWith, at, flow: { step: flow.step, draft: entered } }
  // Without what the review showed, the draft must be reviewed again, unless it was sent: then it is repeated as it was.
  const unreviewed = flow.step === 'review' || ((flow.reviewed === null || flow.reviewed.basis === null) && !flow.sent)
  if (unreviewed) return { begunWith, at, flow: { step: 'review', draft: entered, refusal: null } }
  const { step, sha, reviewed, override, inputs, ticked, queue, key, sent } = flow
  const attempt = { state: 'open', key, refusal: null, sentBefore: sent } as const
  return { begunWith, at, flow: { step, draft: entered, sha, reviewed, override, inputs, ticked, queue, attempt } }
}

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return null
  }
}

/** Null if the browser stores nothing for this page. The draft then lasts as long as the page. */
function storage(): Storage | null {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}

export function keepDraft(email: string, surfaceId: string, flow: Flow, begunWith: string | null): void {
  const written = draftText(flow, begunWith, Date.now())
  try {
    if (written === null) forgetDraft(email, surfaceId)
    else storage()?.setItem(nameOf(email, surfaceId), written)
  } catch {
    // The browser's storage is full: the draft lasts as long as the page.
  }
}

export function keptDraftOf(email: string, surfaceId: string, begunWith: string | null) {
  const written = storage()?.getItem(nameOf(email, surfaceId))
  const kept = typeof written === 'string' ? readDraftText(written) : null
  return kept?.begunWith === begunWith ? kept : null
}

export interface DiscardedDraft {
  readonly email: string
  readonly surfaceId: string
}

/** Discards other members' drafts in this window, and returns which. */
export function discardDraftsOfOthers(email: string): readonly DiscardedDraft[] {
  const kept = storage()
  const found = Object.keys(kept ?? {}).flatMap((name) => {
    const [whose, surfaceId] = name.startsWith(PREFIX) ? name.slice(PREFIX.length).split(' ') : []
    return whose === undefined || surfaceId === undefined || whose === email ? [] : [{ email: whose, surfaceId }]
  })
  for (const draft of found) forgetDraft(draft.email, draft.surfaceId)
  return found
}

export const forgetDraft = (email: string, surfaceId: string): void => storage()?.removeItem(nameOf(email, surfaceId))
