// Loaded before a process that the launch starts. The channel to the launcher closes when the launcher is gone, however it
// went; then this one goes too, and the next start finds the ports free.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
process.once('disconnect', () => setTimeout(() => process.exit(1), 5_000).unref())
