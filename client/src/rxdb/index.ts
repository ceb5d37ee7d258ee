export { rxCollections, type CollectionCreator, type PursuitDoc } from './schema.js'
export { PursuitReplication, replicatePursuit, type ReplicateOptions } from './replicate.js'
