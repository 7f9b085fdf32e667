import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  type EdgeChange,
  MiniMap,
  type NodeChange,
  ReactFlow,
  SelectionMode,
  useReactFlow,
} from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { type DragEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Definition, Point } from "../model/definition";
import { connected, placed, started, withNotes } from "../model/graph";
import type { Flow } from "./cards";
import { type AnyNode, ENTRY, NOTE, type Said, type WayEdge, wayEdges, wayOf } from "./cards";
import { type FlowActs, FlowContext } from "./FlowContext";
import { DRAGGED } from "./Palette";
import { EntryCard, NoteCard, StepCard } from "./StepCard";
import { useCards } from "./useCards";
import { WayLine } from "./WayLine";

const NODES = { step: StepCard, entry: EntryCard, note: NoteCard };
const EDGES = { way: WayLine };
const DASHES = { hideAttribution: false };

export type Picked = { nodes: string[]; edges: string[] };
type Props = {
  definition: Definition;
  change: (change: (now: Definition) => Definition, field?: string) => void;
  said: Said;
  flow: Flow | null;
  acts: FlowActs;
  picked: Picked;
  onPick: (picked: Picked) => void;
  onDrop: (kind: string, at: Point, edge: string | null) => void;
};

/** The drawing itself. Places and choices are held here while they move; what is done is a change of the definition. */
export function Canvas({ definition, change, said, flow, acts, picked, onPick, onDrop }: Props) {
  const { t } = useTranslation();
  const { screenToFlowPosition } = useReactFlow();
  const cards = useCards(definition, said, flow);
  const [nodes, setNodes] = useState<AnyNode[]>(cards);
  const chosen = useRef(picked);
  chosen.current = picked;
  useEffect(() => {
    setNodes((before) => merged(before, cards, picked.nodes));
  }, [cards, picked.nodes]);
  const drawn = useMemo(() => wayEdges(definition, said, flow), [definition, said, flow]);
  const edges = useMemo(
    () => drawn.map((edge) => (picked.edges.includes(edge.id) ? { ...edge, selected: true } : edge)),
    [drawn, picked.edges],
  );
  const onNodesChange = useCallback(
    (changes: NodeChange<AnyNode>[]) => {
      setNodes((before) => applyNodeChanges(changes, before));
      const places: Record<string, Point> = {};
      for (const one of changes)
        if (one.type === "position" && !one.dragging && one.position)
          places[one.id] = [Math.round(one.position.x), Math.round(one.position.y)];
      const picks = changes.filter((one) => one.type === "select");
      if (picks.length) {
        const now = new Set(chosen.current.nodes);
        for (const one of picks) one.selected ? now.add(one.id) : now.delete(one.id);
        // Several changes come before the next paint.
        chosen.current = { nodes: [...now], edges: now.size ? [] : chosen.current.edges };
        onPick(chosen.current);
      }
      if (Object.keys(places).length && acts.editing) change((now) => moved(now, places), "move");
    },
    [change, onPick, acts.editing],
  );
  const onEdgesChange = useCallback(
    (changes: EdgeChange<WayEdge>[]) => {
      const now = new Set(chosen.current.edges);
      for (const one of changes) if (one.type === "select") one.selected ? now.add(one.id) : now.delete(one.id);
      if (!changes.some((one) => one.type === "select")) return;
      chosen.current = { ...chosen.current, edges: [...now] };
      onPick(chosen.current);
    },
    [onPick],
  );
  const onConnect = useCallback(
    ({ source, sourceHandle, target }: Connection) => {
      if (target === ENTRY || target.startsWith(NOTE)) return;
      change((now) =>
        source === ENTRY ? started(now, target) : connected(now, source, sourceHandle ?? "next", target),
      );
    },
    [change],
  );
  const drop = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(DRAGGED);
    if (!kind) return;
    event.preventDefault();
    const at = screenToFlowPosition({ x: event.clientX, y: event.clientY });
    const edge = document.elementFromPoint(event.clientX, event.clientY)?.closest(".react-flow__edge");
    onDrop(kind, [Math.round(at.x), Math.round(at.y)], edge?.getAttribute("data-id") ?? null);
  };
  return (
    <FlowContext.Provider value={acts}>
      <ReactFlow<AnyNode, WayEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={onConnect}
        onDragOver={(event) => event.preventDefault()}
        onDrop={drop}
        nodesDraggable={acts.editing}
        nodesConnectable={acts.editing}
        deleteKeyCode={null}
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={["Shift", "Meta", "Control"]}
        minZoom={0.1}
        maxZoom={1.6}
        fitView
        fitViewOptions={FIT}
        onlyRenderVisibleElements={false}
        proOptions={DASHES}
        aria-label={t("journeys.canvas")}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.4} color="var(--edge)" />
        <MiniMap
          pannable
          zoomable
          className="jmap"
          nodeColor="var(--edge)"
          maskColor="var(--veil, rgb(0 0 0 / 6%))"
          ariaLabel={t("journeys.map")}
        />
      </ReactFlow>
    </FlowContext.Provider>
  );
}

export const FIT = { padding: 0.14, maxZoom: 1, minZoom: 0.35 };

/** New cards, with what the canvas knows of those that were there: their size, and whether they are chosen. */
function merged(before: AnyNode[], cards: AnyNode[], chosen: string[]): AnyNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  return cards.map((card) => {
    const old = known.get(card.id);
    const selected = chosen.includes(card.id);
    if (!old) return { ...card, selected } as AnyNode;
    const still = old.position.x === card.position.x && old.position.y === card.position.y;
    if (still && old.data === card.data && (old.selected ?? false) === selected) return old;
    return { ...old, ...card, selected } as AnyNode;
  });
}

function moved(now: Definition, places: Record<string, Point>): Definition {
  let next = now;
  const steps = Object.fromEntries(Object.entries(places).filter(([id]) => id in now.nodes));
  if (Object.keys(steps).length) next = placed(next, steps);
  const notes = next.notes ?? [];
  if (Object.keys(places).some((id) => id.startsWith(NOTE)))
    next = withNotes(
      next,
      notes.map((note, place) => ({ ...note, at: places[`${NOTE}${place}`] ?? note.at })),
    );
  return next;
}

export { wayOf };
