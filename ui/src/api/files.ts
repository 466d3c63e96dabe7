import { request } from './client';
import { infiniteQueryOptions } from '@tanstack/react-query';

export interface StoredFile {
  id: string;
  name: string;
  /** As the server found it in the bytes. */
  contentType: string;
  bytes: number;
  /** Encrypted; opening it needs a permission of its own and leaves an entry in the activity. */
  sensitive: boolean;
  uploadedBy: string | null;
  createdAt: string;
  expiresAt: string | null;
}

export interface FileList {
  items: StoredFile[];
  largestBytes: number;
  /** Where the next page begins; null: this was the last. */
  next: string | null;
}

export interface FileLink {
  path: string;
  url: string;
  expiresAt: string;
}

export const documentsPath = (customer: string, file?: string, act = '') =>
  `/customers/${encodeURIComponent(customer)}/files${file === undefined ? '' : `/${encodeURIComponent(file)}${act}`}`;

export const documentsQuery = (organization: string, customer: string) =>
  infiniteQueryOptions({
    queryKey: ['o', organization, 'customers', customer, 'files'] as const,
    queryFn: ({ signal, pageParam }) => request<FileList>(documentsPath(customer), { organization, query: { before: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });

/** A link that works for a few minutes; pictures may be shown, everything else is downloaded. */
export const linkToDocument = (organization: string, customer: string, file: string, show: boolean) =>
  request<FileLink>(documentsPath(customer, file, '/link'), { method: 'POST', organization, query: { show: show || undefined } });

export const deleteDocument = (organization: string, customer: string, file: string) =>
  request<void>(documentsPath(customer, file), { method: 'DELETE', organization });
