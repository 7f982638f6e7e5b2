import { expect, test } from "vitest";
import { chunksOf, Heights } from "./chunks.js";

test("chunks are cut at multiples of 50", () => {
  expect(chunksOf(41, 152)).toEqual([
    { index: 0, first: 41, end: 51 },
    { index: 1, first: 51, end: 101 },
    { index: 2, first: 101, end: 151 },
    { index: 3, first: 151, end: 152 },
  ]);
  expect(chunksOf(50, 52).map(({ index }) => index)).toEqual([0, 1]);
});

test("an empty list has no chunks", () => {
  expect(chunksOf(1, 1)).toEqual([]);
  expect(new Heights().between([], 0, 100)).toEqual({ chunks: [], above: 0, below: 0 });
});

test("a chunk that was not measured has 52 pixels a row", () => {
  expect(new Heights().total(chunksOf(1, 151))).toBe(150 * 52);
});

test("rows added to a measured chunk are guessed", () => {
  const heights = new Heights();
  const [before] = chunksOf(31, 51);
  heights.measure(before!, 700);
  expect(heights.total(chunksOf(21, 51))).toBe(700 + 10 * 52);
});

test("measured heights are forgotten together", () => {
  const heights = new Heights();
  const chunks = chunksOf(1, 51);
  heights.measure(chunks[0]!, 100);
  heights.forget();
  expect(heights.total(chunks)).toBe(50 * 52);
});

test("only chunks that overlap the range are shown", () => {
  const chunks = chunksOf(1, 501);
  const { chunks: shown, above, below } = new Heights().between(chunks, 6000, 8000);
  expect(shown.map(({ index }) => index)).toEqual([2, 3]);
  expect(above).toBe(2 * 2600);
  expect(below).toBe(6 * 2600);
});

test("the last chunk is shown below the end of the list", () => {
  const { chunks, above, below } = new Heights().between(chunksOf(1, 101), 9e9, 9e9);
  expect(chunks.map(({ index }) => index)).toEqual([1]);
  expect([above, below]).toEqual([2600, 0]);
});

test("a row is found at the distance that it has", () => {
  const heights = new Heights();
  const chunks = chunksOf(31, 201);
  heights.measure(chunks[1]!, 2000);
  for (const seq of [31, 50, 51, 75, 100, 101, 200]) {
    expect(heights.seqAt(chunks, heights.topOf(chunks, seq) + 1)).toBe(seq);
  }
  expect(heights.seqAt(chunks, -50)).toBe(31);
  expect(heights.seqAt(chunks, 9e9)).toBe(200);
});
