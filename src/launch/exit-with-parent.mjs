// Preloaded into the processes of a launch. They end when the channel to the launcher closes, so that the next start finds the
// ports free.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.once('disconnect', () => setTimeout(() => process.exit(1), 5_000).unref())
