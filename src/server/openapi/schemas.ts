import 'server-only'
import { z } from 'zod'
import { callbackBody } from '~/domain/deploy/callback'
import {
  restApproval,
  restAuditEntry,
  restCallbackAnswer,
  restCancelAnswer,
  restDeploy,
  restDispatchAnswer,
  restDispatchBody,
  restFreezeAnswer,
  restLogPage,
  restProblem,
  restRefusalBody,
  restReleaseAnswer,
  restReleaseBody,
  restWebhook,
  restWebhookAnswer,
} from '~/server/rest/shapes'

const COMPONENTS = {
  DispatchRequest: restDispatchBody,
  DispatchAnswer: restDispatchAnswer,
  Deploy: restDeploy,
  Approval: restApproval,
  RefusalRequest: restRefusalBody,
  LogPage: restLogPage,
  Callback: callbackBody,
  CallbackAnswer: restCallbackAnswer,
  CancelAnswer: restCancelAnswer,
  ReleaseRequest: restReleaseBody,
  ReleaseAnswer: restReleaseAnswer,
  FreezeAnswer: restFreezeAnswer,
  Webhook: restWebhook,
  WebhookAnswer: restWebhookAnswer,
  AuditEntry: restAuditEntry,
  Problem: restProblem,
} as const satisfies Record<string, z.ZodType>

export type ComponentName = keyof typeof COMPONENTS

export const refTo = (name: ComponentName) => ({ $ref: `#/components/schemas/${name}` })

/** The very schemas requests are parsed with, as JSON Schema: what a sender may write, before any transformation. */
export function componentSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(COMPONENTS).map(([name, schema]) => {
      const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' })
      return [name, rest]
    }),
  )
}
