import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import type { List } from "@/api/types";

/** A list read page by page with the server's cursor. */
export function useCursorList<T>(
  key: readonly unknown[],
  read: (cursor: string | undefined) => Promise<List<T>>,
  enabled = true,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    enabled,
  });
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return { query, rows, total: query.data?.pages[0]?.total ?? null };
}
