/** The alarm of a node that was restored from a snapshot, named by the epoch that the lost disk wrote in. */
export function restoredAlarmId(epoch: string): string {
  return `restored ${epoch}`;
}
