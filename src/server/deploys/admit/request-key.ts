import 'server-only'
import type { Actor } from '~/domain/actor'

/**
 * Under which key a request is kept, beside the actor's name. Two people may give their tokens one label, and so one name
 * in the trail; their keys are still apart.
 */
export const requestKey = ({ via, userId }: Pick<Actor, 'via' | 'userId'>, idempotencyKey: string): string =>
  via === 'token' ? `${userId}:${idempotencyKey}` : idempotencyKey
