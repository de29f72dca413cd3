import { descendantsOf } from '~test/support/process-tree'

/** Looks at the arguments of everything a process starts, until it is stopped; gives each command line it saw. */
export function watchProcesses(pid: number): () => readonly string[] {
  const seen = new Set<string>()
  const look = (): void => {
    for (const { command } of descendantsOf(pid)) seen.add(command)
  }
  look()
  const timer = setInterval(look, 50)
  return () => {
    clearInterval(timer)
    return [...seen]
  }
}
