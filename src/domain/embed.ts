/** What a signed address shows without a session: the state of a surface as a picture, or ended deploys as JSON. */
export const EMBED_KINDS = ['badge', 'feed'] as const
export type EmbedKind = (typeof EMBED_KINDS)[number]

/** Of one surface, and of the feeds of all surfaces. */
export const EMBEDS_AT_MOST = 20

export interface EmbedView {
  readonly id: string
  readonly kind: EmbedKind
  /** The whole address, which needs no sign-in. */
  readonly address: string
  readonly createdBy: string
  readonly createdAt: string
}

/**
 * Health and version of a surface are known for this long after a probe. A surface that does not answer is probed every ten minutes at
 * least.
 */
export const EMBED_KNOWN_MS = 15 * 60_000
