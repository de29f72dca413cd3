import { visibleSentence } from '~/domain/foreign-text'

export interface WireError {
  /** `unreachable`: no answer from the console. `refused`: a 4xx answer. `broken`: a 5xx answer. */
  readonly kind: 'unreachable' | 'refused' | 'broken'
  readonly appCode: string | null
  /** A sentence for the operator. */
  readonly message: string
  /** The deploy that the refusal is about, such as the one that holds the surface. */
  readonly deployId?: string
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** Only the server's error formatter sets `data.httpStatus`: an error without it did not come from the console. */
export function readWireError(error: unknown): WireError {
  const data = isRecord(error) && isRecord(error['data']) ? error['data'] : null
  const status = data?.['httpStatus']
  if (!(error instanceof Error) || typeof status !== 'number') {
    return { kind: 'unreachable', appCode: null, message: 'The console cannot be reached.' }
  }
  const appCode = data?.['appCode']
  const deployId = isRecord(data?.['details']) ? data['details']['deploy_id'] : undefined
  return {
    kind: status >= 500 ? 'broken' : 'refused',
    appCode: typeof appCode === 'string' ? appCode : null,
    message: visibleSentence(error.message),
    ...(typeof deployId === 'string' ? { deployId } : {}),
  }
}

/** Retries once, unless the console refused. */
export function worthAnotherTry(failures: number, error: unknown): boolean {
  return failures < 1 && readWireError(error).kind !== 'refused'
}
