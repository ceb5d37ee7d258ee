export { watermelonMigrations, watermelonSchema } from './schema.js'
export { PursuitSync, pursuitOf, syncPursuit, type SyncOptions } from './sync.js'
export { useUuids } from './ids.js'
