import { createInterface } from 'node:readline'
import { z } from 'zod'
import { engineLog } from './engine-log.ts'
import { withoutTrace } from './failure-message.ts'
import { takePanic } from './wasm-engine.ts'

const request = z.object({ id: z.union([z.number(), z.string()]), method: z.string(), params: z.unknown().optional() })
type Request = z.infer<typeof request>

/** An error of the engine: a code of Prisma's when it has one, and `meta` for its text. */
const engineError = z.object({ message: z.string(), code: z.string().nullish(), meta: z.unknown().optional() })

/** JSON-RPC's own code for "the server failed", as the native engine sends it. */
const SERVER_ERROR = 4466

export interface EngineService {
  readonly answer: (method: string, params: unknown) => Promise<unknown>
  /** Text the CLI is to print before the answer, when the answer has one. */
  readonly printed: (method: string, result: unknown) => string | undefined
}

/** Answers the CLI's requests, one line of JSON each, in their order, until it closes our input. */
export async function serveJsonRpc(service: EngineService): Promise<void> {
  let failPending: ((error: unknown) => void) | undefined
  // A panic inside the WebAssembly surfaces here and leaves the promise of the request unsettled for ever. Without an
  // answer the CLI would find the engine gone and, for `migrate diff`, end with 0: "no drift".
  const onCrash = (error: unknown): void => {
    if (failPending === undefined) exitAfterCrash(error)
    else failPending(error)
  }
  process.on('uncaughtException', onCrash)
  process.on('unhandledRejection', onCrash)

  for await (const line of createInterface({ input: process.stdin })) {
    const parsed = request.safeParse(line.trim() === '' ? undefined : JSON.parse(line))
    if (!parsed.success) continue // the CLI's answer to our own `print`
    const crashed = new Promise<never>((_, reject) => {
      failPending = reject
    })
    try {
      await answerRequest(service, parsed.data, crashed)
    } catch (error) {
      sendError(parsed.data, error)
    }
    failPending = undefined
  }
}

async function answerRequest(service: EngineService, { id, method, params }: Request, crashed: Promise<never>) {
  const result = await Promise.race([service.answer(method, params), crashed])
  const content = service.printed(method, result)
  if (content !== undefined) send({ id: `print-${id}`, method: 'print', params: { content } })
  send({ id, result: result ?? null })
}

function sendError({ id, method }: Request, error: unknown): void {
  const parsed = engineError.safeParse(error)
  const panic = takePanic()
  const message =
    panic === undefined
      ? parsed.success
        ? withoutTrace(parsed.data.message)
        : String(error)
      : `The schema engine crashed in "${method}" (a bug in Prisma's engine, or input it cannot read): ${panic}`
  const code = parsed.success ? (parsed.data.code ?? null) : null
  const meta = parsed.success ? (parsed.data.meta ?? null) : null
  engineLog('ERROR', { is_panic: false, error_code: code, message })
  // Never `is_panic: true`: the CLI would then ask to send a report to Prisma instead of showing the text.
  send({ id, error: { code: SERVER_ERROR, message, data: { is_panic: false, message, error_code: code, meta } } })
}

function exitAfterCrash(error: unknown): never {
  engineLog('ERROR', { is_panic: false, message: takePanic() ?? String(error) })
  process.exit(1)
}

function send(message: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}
