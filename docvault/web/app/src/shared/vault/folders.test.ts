import { expect, test } from "vitest";
import { childrenOf, folderTree, parentOf } from "./folders";

const tree = folderTree([
  { path: "b", documents: 1, size_bytes: 0 },
  { path: "a/x/deep", documents: 4, size_bytes: 0 },
  { path: "a", documents: 2, size_bytes: 0 },
]);

test("parents that nobody named are there, and count what is below", () => {
  expect(tree.map((node) => [node.path, node.documents])).toEqual([
    ["a", 6],
    ["b", 1],
  ]);
  expect(tree[0]?.children[0]?.children[0]?.path).toBe("a/x/deep");
});

test("children of a folder, of the top, and of none", () => {
  expect(childrenOf(tree, "").map((node) => node.name)).toEqual(["a", "b"]);
  expect(childrenOf(tree, "a/x").map((node) => node.name)).toEqual(["deep"]);
  expect(childrenOf(tree, "nowhere")).toEqual([]);
});

test("the top has no parent but itself", () => {
  expect(parentOf("a/b/c")).toBe("a/b");
  expect(parentOf("a")).toBe("");
});
