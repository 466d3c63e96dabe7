import type { ChartTokens } from '../../components/chart/palette';

export interface TooltipLine {
  text: string;
  value?: string;
  color?: string;
  quiet?: boolean;
}

/** Built as elements and not as HTML text, so that no value can ever be markup. */
export function tooltip(title: string, lines: TooltipLine[], tokens: ChartTokens): HTMLElement {
  const box = document.createElement('div');
  box.style.cssText = 'font-variant-numeric:tabular-nums;line-height:1.6;max-width:320px';
  const head = document.createElement('div');
  head.textContent = title;
  head.style.cssText = 'font-weight:600;white-space:normal';
  box.append(head);
  for (const { text, value, color, quiet } of lines) {
    const line = document.createElement('div');
    line.style.cssText = `display:flex;gap:12px;align-items:baseline;white-space:normal;${quiet ? 'font-size:11px' : ''}`;
    const name = document.createElement('span');
    name.style.cssText = 'flex:1;min-width:0';
    if (color) {
      const dot = document.createElement('span');
      dot.style.cssText = `display:inline-block;width:8px;height:8px;border-radius:2px;margin-right:6px;background:${color}`;
      name.append(dot);
    }
    name.append(text);
    line.append(name);
    if (value !== undefined) {
      const number = document.createElement('span');
      number.textContent = value;
      number.style.cssText = `font-weight:${quiet ? 400 : 600};color:${tokens.text}`;
      line.append(number);
    }
    box.append(line);
  }
  return box;
}

/** The library passes one entry for each series at the pointer, or one for the element; what counts is where it is. */
export function indexOf(params: unknown): number {
  const first: unknown = Array.isArray(params) ? params[0] : params;
  return typeof first === 'object' && first !== null && 'dataIndex' in first ? Number(first.dataIndex) : -1;
}
