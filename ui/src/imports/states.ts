import type { Import, ImportState } from '../api/imports.types';
import type { Key } from '../i18n/catalogue';

export const importStates: Record<ImportState, Key> = {
  uploaded: 'import.state.uploaded',
  queued: 'import.state.queued',
  reading: 'import.state.reading',
  writing: 'import.state.writing',
  completed: 'import.state.completed',
  cancelling: 'import.state.cancelling',
  cancelled: 'import.state.cancelled',
  failed: 'import.state.failed',
  undoing: 'import.state.undoing',
  undone: 'import.state.undone',
};

const running: readonly ImportState[] = ['queued', 'reading', 'writing', 'cancelling', 'undoing'];
const cancellable: readonly ImportState[] = ['queued', 'reading', 'writing'];
const undoable: readonly ImportState[] = ['completed', 'cancelled', 'failed'];

export const isRunning = (item: Import) => running.includes(item.state);
export const canCancel = (item: Import) => cancellable.includes(item.state);
export const canUndo = (item: Import) => undoable.includes(item.state) && item.accepted > 0;
export const canDelete = (item: Import) => item.state === 'uploaded' || (item.state === 'failed' && item.accepted === 0);

/** The tone of a state; its word always stands beside it. */
export function toneOf(state: ImportState): 'good' | 'bad' | 'busy' | 'plain' {
  if (state === 'completed') return 'good';
  if (state === 'failed') return 'bad';
  return running.includes(state) ? 'busy' : 'plain';
}
