import { runnerExecutor } from '~/sandbox/runs/executor'
import { type Sandbox, startSandbox } from '~/sandbox/sandbox'
import { readConfig } from '~/sandbox/state/config'

/** The sandbox's own process. It ends when the IPC channel to its launcher closes. */
const main = async (): Promise<void> => {
  let sandbox: Sandbox | undefined
  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    await sandbox?.close()
    process.exit(0)
  }
  const stopNow = (): void => {
    stop().catch((error: unknown) => {
      process.stderr.write(`The sandbox did not stop cleanly: ${String(error)}\n`)
      process.exit(1)
    })
  }
  // If the launcher is gone, output fails. The sandbox must still end cleanly.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  process.once('SIGTERM', stopNow)
  process.once('SIGINT', stopNow)
  process.once('disconnect', stopNow)

  sandbox = await startSandbox(readConfig(process.env), runnerExecutor)
  if (process.send && !process.connected) return stop()
  process.send?.({ type: 'ready', url: sandbox.url })
  process.stdout.write(`Sandbox GitHub on ${sandbox.url}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
