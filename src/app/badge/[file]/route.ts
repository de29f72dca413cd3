import { answerBadge } from '~/server/embeds/answer-embed'
import { refuseMethods } from '~/server/rest/rest-route'

export const dynamic = 'force-dynamic'

export const { POST, PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET')

export const GET = async (request: Request, { params }: { readonly params: Promise<{ readonly file: string }> }) =>
  answerBadge(request, (await params).file)
