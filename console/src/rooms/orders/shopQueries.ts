import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, must } from "@/api/client";
import type { PlaceDraft } from "@/api/types";
import { useCursorList } from "@/ui/useCursorList";

const OFTEN = 10_000;
const place = (place_id: number) => ({ params: { path: { place_id } } });

/** Asked for again while the page is open: orders come by themselves. */
export const useShops = () =>
  useQuery({ queryKey: ["shops", "list"], queryFn: () => must(api.GET("/api/v1/shops")), refetchInterval: OFTEN });

export const useShop = (shop_id: number) =>
  useQuery({
    queryKey: ["shops", "one", shop_id],
    queryFn: () => must(api.GET("/api/v1/shops/{shop_id}", { params: { path: { shop_id } } })),
    refetchInterval: OFTEN,
  });

export const useToldOrders = (shop_id: number, faults_only: boolean) =>
  useCursorList(["shops", "orders", shop_id, faults_only], (cursor) =>
    must(
      api.GET("/api/v1/shops/{shop_id}/orders", {
        params: { path: { shop_id }, query: { faults_only, cursor, limit: 20 } },
      }),
    ),
  );

export function usePull(shop_id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (since: string | null) =>
      must(api.POST("/api/v1/shops/{shop_id}/pull", { params: { path: { shop_id } }, body: { since } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["shops"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
}

export const usePreview = () =>
  useMutation({
    mutationFn: (body: { mapping: string; sample: string }) => must(api.POST("/api/v1/shops/preview", { body })),
  });

export const useTestCall = (shop_id: number) =>
  useMutation({
    mutationFn: (sample: string) =>
      must(api.POST("/api/v1/shops/{shop_id}/test", { params: { path: { shop_id } }, body: { sample } })),
  });

export const usePlaces = () =>
  useQuery({ queryKey: ["places", "list"], queryFn: () => must(api.GET("/api/v1/places")), refetchInterval: OFTEN });

export const useRoots = () =>
  useQuery({ queryKey: ["places", "roots"], queryFn: () => must(api.GET("/api/v1/places/roots")), staleTime: 600_000 });

export const usePlaceFiles = (id: number) =>
  useQuery({
    queryKey: ["places", "files", id],
    queryFn: () => must(api.GET("/api/v1/places/{place_id}/files", place(id))),
    refetchInterval: OFTEN,
  });

export function usePlaceActions(id: number) {
  const client = useQueryClient();
  const onSuccess = () => {
    void client.invalidateQueries({ queryKey: ["places"] });
    void client.invalidateQueries({ queryKey: ["jobs"] });
  };
  const look = useMutation({
    mutationFn: () => must(api.POST("/api/v1/places/{place_id}/look", place(id))),
    onSuccess,
  });
  const check = useMutation({ mutationFn: () => must(api.POST("/api/v1/places/{place_id}/check", place(id))) });
  const again = useMutation({
    mutationFn: (path: string) =>
      must(api.POST("/api/v1/places/{place_id}/files/again", { ...place(id), body: { path } })),
    onSuccess,
  });
  const remove = useMutation({
    mutationFn: () => must(api.DELETE("/api/v1/places/{place_id}", place(id))),
    onSuccess,
  });
  return { look, check, again, remove };
}

export function useSavePlace(id: number | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: PlaceDraft) =>
      id === null
        ? must(api.POST("/api/v1/places", { body }))
        : must(api.PUT("/api/v1/places/{place_id}", { ...place(id), body })),
    onSuccess: () => void client.invalidateQueries({ queryKey: ["places"] }),
  });
}
