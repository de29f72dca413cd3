import 'server-only'

/** `now`: what the database says. `recent`: for a poll, an answer of the last seconds will do. */
export type Freshness = 'now' | 'recent'

/** Reading may be a poll; everything else changes something. */
export const freshnessOf = (request: Request): Freshness =>
  request.method === 'GET' || request.method === 'HEAD' ? 'recent' : 'now'
