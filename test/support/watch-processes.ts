import { descendantsOf } from '~test/support/process-tree'

/** Records the command lines of all descendants of a process. Call the returned function to stop and get them. */
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
