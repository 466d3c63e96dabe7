import { guardedCsv } from './csv';

/** What becomes of an answer on its way into a file, piece by piece, however its pieces are cut. */
export interface Pipe {
  /** Rows that have gone through. */
  readonly rows: number;
  push: (piece: Uint8Array) => string | Uint8Array;
  /** What is still to be written; an error when the answer is not whole. */
  end: () => string;
}

/** The API's CSV as readers of CSV expect it, with no text that a spreadsheet would run. */
export function csvPipe(): Pipe {
  const decoder = new TextDecoder();
  let rest = '';
  let lines = 0;
  // PostgreSQL doubles backslashes as it writes a record, which no reader of CSV knows of.
  const written = (text: string) => guardedCsv(text.replaceAll('\\\\', '\\'));
  return {
    // The first line is the header.
    get rows() {
      return Math.max(0, lines - 1);
    },
    push(piece) {
      rest += decoder.decode(piece, { stream: true });
      let quoted = false;
      let end = 0;
      for (let i = 0; i < rest.length; i++) {
        const sign = rest.charCodeAt(i);
        if (sign === 34) quoted = !quoted;
        else if (sign === 10 && !quoted) {
          end = i + 1;
          lines++;
        }
      }
      const whole = rest.slice(0, end);
      rest = rest.slice(end);
      return written(whole);
    },
    end() {
      rest += decoder.decode();
      // Between the rows there are line ends, and none behind the last.
      lines++;
      return `${written(rest)}\n`;
    },
  };
}

/** JSON as it comes, so that numbers keep their digits; the rows are counted by their brackets. */
export function jsonPipe(): Pipe {
  let rows = 0;
  let depth = 0;
  let quoted = false;
  let escaped = false;
  let began = false;
  return {
    get rows() {
      return rows;
    },
    push(piece) {
      for (const sign of piece) {
        if (quoted) {
          if (escaped) escaped = false;
          else if (sign === 92) escaped = true;
          else if (sign === 34) quoted = false;
        } else if (sign === 34) quoted = true;
        else if (sign === 123 || sign === 91) {
          if (depth === 1) rows++;
          depth++;
          began = true;
        } else if (sign === 125 || sign === 93) depth--;
      }
      return piece;
    },
    end() {
      if (!began || depth !== 0) throw new Error('The answer broke off.');
      return '\n';
    },
  };
}
