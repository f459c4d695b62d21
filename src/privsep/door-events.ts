/** Events that the broker sends without being asked, by the socket they go to. Consumers ignore names they do not know. */
export interface ListenerEvents {
  'connection-authenticated': { readonly connectionId: string; readonly account: string };
  'connection-ended': { readonly connectionId: string };
  'worker-exited': { readonly workerId: string; readonly code?: number; readonly signal?: string };
  /** Ask for `configuration` again. */
  reload: Record<string, never>;
  /** Accept nothing any more. */
  drain: Record<string, never>;
}

/** To a worker, on the door of one connection. */
export interface ConnectionEvents {
  /** Tell the client `text`, then disconnect: an admin ended it, the account was locked, the grace time is over. */
  terminate: { readonly code: string; readonly text: string };
}

/** To a watcher of the admin socket. */
export interface AdminEvents {
  activity: {
    readonly atMs: number;
    readonly what: string;
    readonly jail?: string;
    readonly account?: string;
    readonly sessionId?: string;
    readonly connectionId?: string;
    readonly detail?: string;
  };
}

export type DoorEvents = ListenerEvents & ConnectionEvents & AdminEvents;
export type DoorEventName = keyof DoorEvents;
