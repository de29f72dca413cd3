import { visibleSentence } from '~/domain/foreign-text'

/**
 * The one table of errors: what each code means over HTTP, over tRPC, and as a title.
 * A title is the same for every occurrence. `AppError.message` says what happened, what was kept, and what to do next.
 */
export const ERROR_CODES = {
  invalid_input: { http: 400, trpc: 'BAD_REQUEST', title: 'The request does not fit the schema' },
  invalid_id: { http: 400, trpc: 'BAD_REQUEST', title: 'The id is not a UUID' },
  idempotency_key_missing: { http: 400, trpc: 'BAD_REQUEST', title: 'The Idempotency-Key header is missing' },
  signature_invalid: { http: 401, trpc: 'UNAUTHORIZED', title: 'The signature is invalid' },
  reporter_refused: { http: 403, trpc: 'FORBIDDEN', title: 'The sender may not report about this deploy' },
  signed_out: { http: 401, trpc: 'UNAUTHORIZED', title: 'Not signed in' },
  token_refused: { http: 401, trpc: 'UNAUTHORIZED', title: 'The API token is not accepted' },
  permission_refused: { http: 403, trpc: 'FORBIDDEN', title: 'Not permitted' },
  link_unusable: { http: 410, trpc: 'NOT_FOUND', title: 'The link cannot be used' },
  address_taken: { http: 409, trpc: 'CONFLICT', title: 'An account with this address exists' },
  admin_exists: { http: 409, trpc: 'CONFLICT', title: 'The console already has an admin' },
  last_admin: { http: 409, trpc: 'CONFLICT', title: 'The console needs an admin' },
  member_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such member' },
  invitation_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such invitation' },
  last_way_in: { http: 409, trpc: 'CONFLICT', title: 'This is the only way to sign in' },
  passkey_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such passkey' },
  session_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such session' },
  origin_refused: { http: 403, trpc: 'FORBIDDEN', title: 'The request came from another site' },
  surface_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such surface' },
  deploy_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such deploy' },
  token_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such API token' },
  token_label_taken: { http: 409, trpc: 'CONFLICT', title: 'An API token with this label exists' },
  authorization_pending: { http: 400, trpc: 'BAD_REQUEST', title: 'The sign-in waits for a person' },
  slow_down: { http: 400, trpc: 'BAD_REQUEST', title: 'The sign-in is asked for too often' },
  expired_token: { http: 400, trpc: 'BAD_REQUEST', title: 'The sign-in has expired' },
  access_denied: { http: 403, trpc: 'FORBIDDEN', title: 'The sign-in was refused' },
  device_code_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No sign-in waits for this code' },
  proof_stale: { http: 403, trpc: 'FORBIDDEN', title: 'Confirm your identity' },
  queued_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such queued request' },
  queued_over: { http: 409, trpc: 'CONFLICT', title: 'The request no longer waits in the queue' },
  queue_refused: { http: 409, trpc: 'CONFLICT', title: 'The request cannot be queued' },
  queue_not_stopped: { http: 409, trpc: 'CONFLICT', title: 'The queue has not stopped' },
  approval_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such approval' },
  approval_over: { http: 409, trpc: 'CONFLICT', title: 'The approval is no longer waiting' },
  approval_own: { http: 403, trpc: 'FORBIDDEN', title: 'Another person must approve' },
  approver_linked: { http: 403, trpc: 'FORBIDDEN', title: 'Requester and approver may be the same person' },
  approval_required: { http: 409, trpc: 'CONFLICT', title: 'The surface requires an approval' },
  requester_refused: { http: 409, trpc: 'CONFLICT', title: 'The requester may no longer deploy this' },
  surface_changed: { http: 409, trpc: 'CONFLICT', title: 'The surface or its workflow has changed' },
  workflow_unfit: { http: 409, trpc: 'CONFLICT', title: 'The workflow does not fit the surface' },
  checklist_incomplete: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The checklist is not complete' },
  inputs_refused: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The inputs do not fit the workflow' },
  source_refused: { http: 409, trpc: 'CONFLICT', title: 'The source of the commit is not valid' },
  flag_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such flag' },
  flag_change_refused: { http: 409, trpc: 'CONFLICT', title: 'The flag cannot be changed in this way now' },
  ref_ambiguous: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The name belongs to both a branch and a tag' },
  ref_unfit: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'GitHub cannot start the workflow there' },
  ref_unknown: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'No such ref' },
  channel_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such channel' },
  channel_configured: { http: 409, trpc: 'CONFLICT', title: 'The channel is set in the configuration' },
  channels_full: { http: 409, trpc: 'CONFLICT', title: 'The limit of channels is reached' },
  delivery_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such delivery' },
  delivery_refused: { http: 409, trpc: 'CONFLICT', title: 'The delivery cannot be sent again now' },
  destination_refused: {
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    title: 'Deliveries to this address are not allowed',
  },
  embed_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such badge or feed' },
  embeds_full: { http: 409, trpc: 'CONFLICT', title: 'The limit of badges and feeds is reached' },
  windows_full: { http: 409, trpc: 'CONFLICT', title: 'The limit of windows that recur is reached' },
  views_full: { http: 409, trpc: 'CONFLICT', title: 'The limit of saved views is reached' },
  address_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such address' },
  method_refused: { http: 405, trpc: 'METHOD_NOT_SUPPORTED', title: 'Method not allowed' },
  surface_busy: { http: 409, trpc: 'CONFLICT', title: 'Another deploy holds this surface' },
  release_refused: { http: 409, trpc: 'CONFLICT', title: 'The surface cannot be released from this deploy' },
  deploy_unfinished: { http: 409, trpc: 'CONFLICT', title: 'The deploy has not ended' },
  watch_over: { http: 409, trpc: 'CONFLICT', title: 'The deploy is not watched' },
  deploy_ended: { http: 409, trpc: 'CONFLICT', title: 'The deploy has ended' },
  surface_archived: { http: 409, trpc: 'CONFLICT', title: 'The surface is archived' },
  frozen: { http: 409, trpc: 'CONFLICT', title: 'The environment is frozen' },
  surface_locked: { http: 409, trpc: 'CONFLICT', title: 'The surface is locked' },
  freeze_unknown: { http: 404, trpc: 'NOT_FOUND', title: 'No such freeze' },
  freeze_over: { http: 409, trpc: 'CONFLICT', title: 'The freeze is already over' },
  deploy_elsewhere: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The deploy belongs to another surface' },
  ref_moved: { http: 409, trpc: 'CONFLICT', title: 'The ref has moved since it was reviewed' },
  review_outdated: { http: 409, trpc: 'CONFLICT', title: 'What waits on GitHub is not what was shown' },
  running_changed: { http: 409, trpc: 'CONFLICT', title: 'The surface no longer runs the commit that was reviewed' },
  body_incomplete: { http: 400, trpc: 'BAD_REQUEST', title: 'The body did not arrive in full' },
  body_too_large: { http: 413, trpc: 'PAYLOAD_TOO_LARGE', title: 'The body is too large' },
  media_type_refused: { http: 415, trpc: 'UNSUPPORTED_MEDIA_TYPE', title: 'The body is not JSON' },
  rate_limited: { http: 429, trpc: 'TOO_MANY_REQUESTS', title: 'Too many requests' },
  confirmation_mismatch: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The confirmation does not match' },
  idempotency_mismatch: {
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    title: 'The idempotency key belongs to another request',
  },
  status_unknown: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'A workflow cannot send this status' },
  attempt_superseded: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The run has a later attempt' },
  run_required: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The callback must name its run' },
  run_mismatch: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The deploy belongs to another run' },
  transition_refused: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', title: 'The deploy cannot move to this status' },
  github_refused: { http: 502, trpc: 'BAD_GATEWAY', title: 'GitHub refused the request' },
  github_unavailable: { http: 503, trpc: 'SERVICE_UNAVAILABLE', title: 'GitHub does not answer' },
  provider_unavailable: { http: 503, trpc: 'SERVICE_UNAVAILABLE', title: 'The sign-in provider does not answer' },
  issuer_unavailable: { http: 503, trpc: 'SERVICE_UNAVAILABLE', title: 'GitHub’s token keys cannot be read' },
  database_unavailable: { http: 503, trpc: 'SERVICE_UNAVAILABLE', title: 'The database is unavailable' },
  internal: { http: 500, trpc: 'INTERNAL_SERVER_ERROR', title: 'Internal error' },
} as const satisfies Record<string, { http: number; trpc: string; title: string }>

export type ErrorCode = keyof typeof ERROR_CODES

/** Sent with a 503: when to retry if the database or GitHub is unavailable. */
export const RETRY_AFTER_SECONDS = 5

/** Why a deploy is not admitted, in the members of an AppError. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The only error the console throws on purpose. `details` are extra members for a problem document (RFC 9457). */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  /** When to try again. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly details?: Readonly<Record<string, unknown>>
      readonly cause?: unknown
      readonly retryAfterSeconds?: number
    } = {},
  ) {
    // The message may hold a name from outside, which must not hide or reorder the words around it.
    super(visibleSentence(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details ?? {}
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
