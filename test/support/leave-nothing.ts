import { afterAll, vi } from 'vitest'

// Test files share a process, so the state that the product keeps per process is removed after each file.
afterAll(() => {
  for (const name of Object.keys(globalThis)) {
    if (name.startsWith('deployConsole')) Reflect.deleteProperty(globalThis, name)
  }
  vi.unstubAllEnvs()
  vi.useRealTimers()
})
