import { apiHeaders, apiUrl, type QueryValue } from './client';
import { networkProblem, parseProblem } from './problem';

export interface UploadProgress {
  sent: number;
  total: number;
  secondsLeft: number | null;
}

export interface Upload<T> {
  done: Promise<T>;
  abort: () => void;
}

/** fetch cannot report how much of a body has been sent, so uploads use XMLHttpRequest. */
export function upload<T>(
  path: string,
  query: Record<string, QueryValue>,
  organization: string,
  file: File,
  onProgress: (progress: UploadProgress) => void,
): Upload<T> {
  const xhr = new XMLHttpRequest();
  const startedAt = performance.now();

  const done = new Promise<T>((resolve, reject) => {
    xhr.upload.onprogress = (event) => {
      const elapsed = (performance.now() - startedAt) / 1000;
      const rate = event.loaded / Math.max(elapsed, 0.001);
      const secondsLeft = elapsed > 1 && rate > 0 ? (event.total - event.loaded) / rate : null;
      onProgress({ sent: event.loaded, total: event.total, secondsLeft });
    };
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(JSON.parse(xhr.responseText) as T);
      else reject(parseProblem(xhr.status, xhr.responseText, xhr.getResponseHeader('Retry-After')));
    };
    xhr.onerror = () => reject(networkProblem());
    xhr.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
  });

  xhr.open('POST', apiUrl(path, query));
  for (const [name, value] of Object.entries(apiHeaders(organization))) xhr.setRequestHeader(name, value);
  xhr.setRequestHeader('Content-Type', 'application/octet-stream');
  xhr.send(file);
  return { done, abort: () => xhr.abort() };
}
