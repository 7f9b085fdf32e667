import { fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { expect, it, vi } from "vitest";
import { ProblemError } from "@/api/problem";
import { DataTable } from "@/ui/DataTable";
import { ProblemView } from "@/ui/ProblemView";

it("a problem shows what, why, the way out and the code", () => {
  const error = new ProblemError(409, {
    title: "Not saved",
    detail: "Somebody saved before you.",
    code: "stale_version",
    way_out: "Load the newest version.",
  });
  const retry = vi.fn();
  render(<ProblemView error={error} retry={retry} />);
  const alert = screen.getByRole("alert");
  for (const text of ["Not saved", "Somebody saved before you.", "Load the newest version.", "stale_version · 409"])
    expect(alert.textContent).toContain(text);
  fireEvent.click(screen.getByRole("button"));
  expect(retry).toHaveBeenCalledOnce();
});

it("a table sorts down first, then up, and selects its page", () => {
  const onSort = vi.fn();
  const onSelect = vi.fn();
  const columns = [
    { key: "name", title: "Name", sort: "name", render: (row: { id: number; name: string }) => row.name },
  ];
  const rows = [
    { id: 1, name: "A" },
    { id: 2, name: "B" },
  ];
  const table = (sort: string) => (
    <MemoryRouter>
      <DataTable
        caption="people"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        sort={sort}
        onSort={onSort}
        selected={new Set()}
        onSelect={onSelect}
      />
    </MemoryRouter>
  );
  const { rerender } = render(table("id"));
  fireEvent.click(screen.getByRole("button", { name: /Name/ }));
  expect(onSort).toHaveBeenLastCalledWith("-name");
  rerender(table("-name"));
  expect(screen.getByRole("columnheader", { name: /Name/ }).getAttribute("aria-sort")).toBe("descending");
  fireEvent.click(screen.getByRole("button", { name: /Name/ }));
  expect(onSort).toHaveBeenLastCalledWith("name");
  fireEvent.click(screen.getByRole("checkbox", { name: "Select all on this page" }));
  expect(onSelect).toHaveBeenLastCalledWith(new Set([1, 2]));
});
