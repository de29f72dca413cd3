import { auditCheckpointCommand, auditVerify } from './audit.ts'
import type { Command } from './command.ts'
import { setupLink } from './setup-link.ts'

/** What `npm run console -- …` can do. */
export const COMMANDS: readonly Command[] = [auditVerify, auditCheckpointCommand, setupLink]
