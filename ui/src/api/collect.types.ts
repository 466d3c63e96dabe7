export interface Source {
  id: string;
  name: string;
  kind: 'write' | 'secret';
  publicKey: string | null;
  workspace: string;
  allowedOrigins: string[];
  createdAt: string;
  lastEventAt: string | null;
  silent: boolean;
  received: number;
  stored: number;
  duplicates: number;
  quarantined: number;
  dropped: number;
  failedRequests: number;
  lagMs: number | null;
  perMinute: number[];
}

export interface LiveEvent {
  id: string;
  type: string;
  name: string;
  occurredAt: string;
  receivedAt: string;
  customerId: string | null;
  person: string | null;
  properties: unknown;
  context: unknown;
  source: string;
  library: string | null;
  pageUrl: string | null;
  device: string | null;
  country: string | null;
}

export interface RefusedEvent {
  id: string;
  receivedAt: string;
  type: string | null;
  problems: string[];
  payload: unknown;
}

export interface Live {
  events: LiveEvent[];
  refused: RefusedEvent[];
}

export interface MergeRow {
  id: string;
  survivor: string;
  survivorName: string;
  merged: string;
  mergedName: string;
  status: 'done' | 'undone';
  reason: string;
  by: string | null;
  mergedAt: string;
  undoneAt: string | null;
  undoable: boolean;
}
