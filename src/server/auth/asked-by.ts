import 'server-only'

/** What a person does keeps their session: a page they open, a change. What an open window reads by itself does not. */
export type AskedBy = 'person' | 'window'

/** Of a call to the API; a page is opened by a person. */
export const askedBy = (request: Request): AskedBy =>
  request.method === 'GET' || request.method === 'HEAD' ? 'window' : 'person'
