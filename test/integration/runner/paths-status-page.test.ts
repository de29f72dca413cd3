import { statusPageWorkflow } from './deploy-run'
import { describePaths } from './workflow-paths'

describePaths(statusPageWorkflow)
