import { type Checkout, createCheckout } from '~test/integration/sandbox/workflow-checkout'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

export interface SandboxOfCheckout {
  readonly checkout: Checkout
  readonly sandbox: RunningSandbox
  readonly stop: () => Promise<void>
}

/** A sandbox with its own checkout and no console. */
export async function startSandboxOfCheckout(): Promise<SandboxOfCheckout> {
  const checkout = createCheckout()
  const sandbox = await startSandbox({
    consoleUrl: 'http://127.0.0.1:9',
    callbackSecret: 'a secret for the callbacks of tests',
    workflowsDir: checkout.dir,
  })
  return {
    checkout,
    sandbox,
    stop: async () => {
      await sandbox.stop()
      checkout.remove()
    },
  }
}
