/** Names of the two IPC channels between the preload and the main process. */
export const callChannel = 'bulkhead:call'
export const eventChannel = 'bulkhead:event'
