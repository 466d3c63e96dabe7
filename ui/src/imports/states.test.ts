import { expect, it } from 'vitest';
import type { Import, ImportState } from '../api/imports.types';
import { canCancel, canDelete, canUndo, isRunning } from './states';

const made = (state: ImportState, accepted = 0) => ({ state, accepted }) as Import;

it('offers only what the state allows', () => {
  expect(canUndo(made('completed', 5))).toBe(true);
  expect(canUndo(made('completed', 0))).toBe(false);
  expect(canUndo(made('writing', 5))).toBe(false);
  expect(canCancel(made('reading'))).toBe(true);
  expect(canCancel(made('cancelling'))).toBe(false);
  expect(canDelete(made('uploaded'))).toBe(true);
  expect(canDelete(made('failed', 3))).toBe(false);
  expect(isRunning(made('undoing'))).toBe(true);
  expect(isRunning(made('undone'))).toBe(false);
});
