import { afterAll, vi } from 'vitest'

// Files of tests share a process. What a process keeps for itself is gone after each file, as if it had ended.
afterAll(() => {
  for (const name of Object.keys(globalThis)) {
    if (name.startsWith('deployConsole')) Reflect.deleteProperty(globalThis, name)
  }
  vi.unstubAllEnvs()
  vi.useRealTimers()
})
