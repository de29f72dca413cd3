import { answerFeed, answerFeedPreflight } from '~/server/embeds/answer-embed'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE } = refuseMethods('GET')

export const OPTIONS = answerFeedPreflight

export const GET = async (request: Request, { params }: { readonly params: Promise<{ readonly of: string }> }) =>
  answerFeed(request, (await params).of)
