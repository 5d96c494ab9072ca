/**
 * How far a feed has come; JSON-able, one kind for all endpoints. The arithmetic is in
 * engine/window.ts; checkpoints keep it.
 */
export interface Cursor {
  /** Time of the last row taken in order; it never moves back. */
  readonly positionMs: number;
  /** Id of that row as Duo gave it, for taking a checkpoint back to DLS. */
  readonly positionId?: string;
  /** End of the last window that was read to its end. */
  readonly readToMs: number;
  /** When the last re-read was done. */
  readonly rereadAtMs: number;
  /** How far the last re-read got when it was too long for one poll; the next poll goes on with it. */
  readonly rereadToMs?: number;
  /** How many re-reads in a row had to be broken off; absent when the last one was not. */
  readonly rereadsBroken?: number;
  /** From this time on the ids in `taken` are complete. */
  readonly idsSinceMs: number;
  /** The ids already taken, hashed: see engine/taken.ts. */
  readonly taken: string;
  /** The fullest page seen: a shorter one beyond the position is the last. */
  readonly fullest: number;
  /** The poll under way. */
  readonly window?: OpenWindow;
}

export interface OpenWindow {
  readonly mintimeMs: number;
  readonly endMs: number;
  readonly offset?: string;
  /** Duo's time when the window was opened. */
  readonly nowMs: number;
  /** The position when the window was opened: rows at or before it are re-read. */
  readonly fromMs: number;
  /** Pages of the re-read so far; absent when this poll is none. */
  readonly rereadPages?: number;
  /** Empty pages with an offset, one after the other. */
  readonly empties?: number;
  /** The window was begun anew once. */
  readonly restarted?: boolean;
  /** The newest time seen in this poll; where order is not promised it becomes the position at the end. */
  readonly newestMs?: number;
  /** Names the last page, to see the same one served twice. */
  readonly lastPage?: string;
}
