import { save } from './download';

/** A file that is written piece by piece. */
export interface Target {
  write: (part: string | Uint8Array) => Promise<void>;
  done: () => Promise<void>;
  /** Leaves nothing behind. */
  drop: () => Promise<void>;
}

interface Writable {
  write: (part: string | Uint8Array) => Promise<void>;
  close: () => Promise<void>;
  abort: () => Promise<void>;
}

type Picker = (options: { suggestedName: string; types: object[] }) => Promise<{ createWritable: () => Promise<Writable> }>;

/** What is put together before the browser may keep it on disk. */
const piece = 8 * 1024 * 1024;

/**
 * Where the browser lets a page write a file, the one the person chooses; elsewhere a download that the browser puts together, which
 * has to fit where it keeps such things. Call it from a click. Null: the person thought better of it.
 */
export async function openTarget(fileName: string, type: string): Promise<Target | null> {
  const pick = (window as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  if (pick) {
    try {
      const extension = `.${fileName.split('.').at(-1)}`;
      const handle = await pick.call(window, { suggestedName: fileName, types: [{ accept: { [type]: [extension] } }] });
      const file = await handle.createWritable();
      return { write: (part) => file.write(part), done: () => file.close(), drop: () => file.abort() };
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return null;
      // A page in a frame may not ask.
    }
  }
  let whole: Blob[] = [];
  let parts: BlobPart[] = [];
  let size = 0;
  return {
    write: (part) => {
      parts.push(part as BlobPart);
      size += part.length;
      if (size >= piece) {
        whole.push(new Blob(parts));
        parts = [];
        size = 0;
      }
      return Promise.resolve();
    },
    done: () => {
      save(new Blob([...whole, ...parts], { type: `${type};charset=utf-8` }), fileName);
      return Promise.resolve();
    },
    drop: () => {
      whole = [];
      parts = [];
      return Promise.resolve();
    },
  };
}
