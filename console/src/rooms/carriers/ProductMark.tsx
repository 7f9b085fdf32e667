import { MARK } from "./words";

/** The carrier's sign on a card; decoration, its name stands beside it. */
export const ProductMark = ({ product }: { product: string }) => (
  <span className={`product-mark ${product}`} aria-hidden="true">
    {MARK[product] ?? "载"}
  </span>
);
