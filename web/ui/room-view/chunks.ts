/**
 * Divides a long list into chunks of 50 rows by seq, and decides which of them are in the document.
 * One spacer stands for the chunks above those, and one for the chunks below.
 */

const CHUNK_ROWS = 50;
/** The height of a row that was never measured. */
const GUESSED_ROW_PX = 52;

/** Consecutive rows by seq, `first` included and `end` excluded. */
export interface Chunk {
  index: number;
  first: number;
  end: number;
}

/** The chunks to show, and the heights of what is above and below them. */
export interface Shown {
  chunks: Chunk[];
  above: number;
  below: number;
}

/** A place in the list: a row, and how far its bubble is below the top of the view, in pixels. */
export interface Anchor {
  seq: number;
  top: number;
}

const indexOf = (seq: number): number => Math.floor((seq - 1) / CHUNK_ROWS);

/** The rows `first` to `end - 1` in chunks. */
export const chunksOf = (first: number, end: number): Chunk[] => {
  const chunks: Chunk[] = [];
  for (let from = first; from < end; ) {
    const index = indexOf(from);
    const to = Math.min(end, (index + 1) * CHUNK_ROWS + 1);
    chunks.push({ index, first: from, end: to });
    from = to;
  }
  return chunks;
};

/** The heights of chunks in pixels: measured if a chunk was shown, guessed otherwise. */
export class Heights {
  readonly #measured = new Map<number, { rows: number; height: number }>();

  measure({ index, first, end }: Chunk, height: number): void {
    this.#measured.set(index, { rows: end - first, height });
  }

  /** Forgets all heights, because another width of the list changes them. */
  forget(): void {
    this.#measured.clear();
  }

  of({ index, first, end }: Chunk): number {
    const { rows, height } = this.#measured.get(index) ?? { rows: 0, height: 0 };
    return height + (end - first - rows) * GUESSED_ROW_PX;
  }

  /** The height of all chunks. */
  total(chunks: readonly Chunk[]): number {
    return chunks.reduce((sum, chunk) => sum + this.of(chunk), 0);
  }

  /** The distance of a row from the top of the list. */
  topOf(chunks: readonly Chunk[], seq: number): number {
    let top = 0;
    for (const chunk of chunks) {
      if (seq < chunk.end) {
        const rows = Math.max(0, seq - chunk.first);
        return top + (this.of(chunk) * rows) / (chunk.end - chunk.first);
      }
      top += this.of(chunk);
    }
    return top;
  }

  /** The row at a distance from the top of the list. */
  seqAt(chunks: readonly Chunk[], y: number): number {
    let top = 0;
    for (const chunk of chunks) {
      const height = this.of(chunk);
      if (y < top + height) {
        const rows = chunk.end - chunk.first;
        return (
          chunk.first + Math.min(rows - 1, Math.max(0, Math.floor(((y - top) / height) * rows)))
        );
      }
      top += height;
    }
    return (chunks.at(-1)?.end ?? 1) - 1;
  }

  /** The chunks between two distances from the top of the list; at least one if there are any. */
  between(chunks: readonly Chunk[], from: number, to: number): Shown {
    const shown: Shown = { chunks: [], above: 0, below: 0 };
    let top = 0;
    for (const [n, chunk] of chunks.entries()) {
      const bottom = top + this.of(chunk);
      const isLast = n === chunks.length - 1;
      if (bottom <= from && !isLast) shown.above += bottom - top;
      else if (top < to || !shown.chunks.length) shown.chunks.push(chunk);
      else shown.below += bottom - top;
      top = bottom;
    }
    return shown;
  }
}
