// Preloaded into the processes of a launch. They end when the channel to the launcher closes, so that the next start finds the
// ports free. `stopWithinMs` in the address is the time that the launcher would give them.
const stopWithinMs = Number(new URL(import.meta.url).searchParams.get('stopWithinMs'))
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.once('disconnect', () => setTimeout(() => process.exit(1), stopWithinMs).unref())
