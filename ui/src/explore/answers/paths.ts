import type { SankeySeriesOption } from 'echarts/charts';
import type { PathLink, Pick } from '../../api/analytics.types';
import { baseOption, type ChartOption, type OptionContext } from '../../components/chart/option';
import { categorical } from '../../components/chart/palette';
import type { Figure, FigureInput } from './figure';
import { tooltip } from './tooltip';

/** So many stops are drawn at each place; the rest flows together. */
export const mostStops = 7;

export const end = '#end';
export const rest = '#rest';

export interface Stop {
  id: string;
  /** How many events came before. */
  step: number;
  event: string;
  customers: number;
}

export interface Flow {
  source: string;
  target: string;
  customers: number;
  pick: Pick | null;
}

const stopId = (step: number, event: string) => `${step}:${event}`;

/** Links between stops, with the rare ones of each place put together. */
export function flowOf(links: PathLink[]): { stops: Stop[]; flows: Flow[] } {
  const visits = new Map<string, Stop>();
  const visit = (step: number, event: string, customers: number) => {
    const id = stopId(step, event);
    const stop = visits.get(id);
    if (stop) stop.customers += customers;
    else visits.set(id, { id, step, event, customers });
  };
  for (const { step, from, to, customers } of links) {
    if (step === 0) visit(0, from, customers);
    if (to !== null) visit(step + 1, to, customers);
  }
  const kept = new Set<string>();
  const steps = Math.max(-1, ...[...visits.values()].map((stop) => stop.step)) + 1;
  for (let step = 0; step < steps; step++) {
    const here = [...visits.values()]
      .filter((stop) => stop.step === step)
      .sort((a, b) => b.customers - a.customers || (a.event < b.event ? -1 : 1));
    // One more is shown rather than a rest of one.
    for (const stop of here.length <= mostStops + 1 ? here : here.slice(0, mostStops)) kept.add(stop.id);
  }
  const place = (step: number, event: string) => (kept.has(stopId(step, event)) ? stopId(step, event) : stopId(step, rest));
  const flows = new Map<string, Flow>();
  const stops = new Map<string, Stop>();
  const add = (step: number, event: string, id: string, customers: number) => {
    const stop = stops.get(id);
    if (stop) stop.customers += customers;
    else stops.set(id, { id, step, event, customers });
  };
  for (const { step, from, to, customers } of links) {
    const source = place(step, from);
    const target = to === null ? stopId(step + 1, end) : place(step + 1, to);
    const single = source === stopId(step, from) && (to === null || target === stopId(step + 1, to));
    const id = `${source}>${target}`;
    const flow = flows.get(id);
    if (flow) flow.customers += customers;
    else flows.set(id, { source, target, customers, pick: single ? { step, group: [from, to] } : null });
    if (step === 0) add(0, source.slice(source.indexOf(':') + 1), source, customers);
    add(step + 1, target.slice(target.indexOf(':') + 1), target, customers);
  }
  const order = (stop: Stop) => (stop.event === end ? 2 : stop.event === rest ? 1 : 0);
  return {
    stops: [...stops.values()].sort((a, b) => a.step - b.step || order(a) - order(b) || b.customers - a.customers),
    flows: [...flows.values()],
  };
}

export function pathsFigure({ question, answer, words }: FigureInput): Figure {
  const { t, format } = words;
  const links = answer.result.links ?? [];
  const { stops, flows } = flowOf(links);
  const began = stops.filter((stop) => stop.step === 0).reduce((sum, stop) => sum + stop.customers, 0);
  const name = (event: string | null) =>
    event === end || event === null ? t('explore.paths.end') : event === rest ? t('explore.paths.rest') : words.event(event);
  const columns = Math.max(1, ...stops.map((stop) => stop.step + 1));
  const byId = new Map(stops.map((stop) => [stop.id, stop]));
  // An event has one colour wherever it comes.
  const events = [...new Set(stops.filter((stop) => stop.event !== end && stop.event !== rest).map((stop) => stop.event))];
  const colorOf = (event: string, quiet: string) =>
    event === end || event === rest ? quiet : categorical[events.indexOf(event) % categorical.length]!;
  const title = question.start ? t('explore.paths.title', { event: words.selector(question.start) }) : t('explore.paths.titleAny');
  const top = [...links].filter((link) => link.to !== null).sort((a, b) => b.customers - a.customers)[0];
  const share = (customers: number) => (began === 0 ? '–' : format.percent(customers / began));
  const stopPick = (stop: Stop): Pick | null =>
    stop.event === end || stop.event === rest ? null : { step: stop.step, group: [stop.event] };
  const tallest = Math.max(1, ...Array.from({ length: columns }, (_, step) => stops.filter((stop) => stop.step === step).length));

  const draw = (context: OptionContext, above: number): ChartOption => ({
    ...baseOption(context),
    tooltip: {
      ...baseOption(context).tooltip,
      trigger: 'item',
      formatter: (params) => {
        const item = (Array.isArray(params) ? params[0] : params) as { dataType?: string; data?: unknown } | undefined;
        if (item?.dataType === 'edge') {
          const { source, target, value } = item.data as { source: string; target: string; value: number };
          const [from, to] = [byId.get(source), byId.get(target)];
          return tooltip(
            `${name(from?.event ?? null)} → ${name(to?.event ?? null)}`,
            [
              { text: t('explore.customers'), value: format.number(value) },
              { text: t('explore.paths.ofStop'), value: from ? format.percent(value / from.customers) : '–' },
            ],
            context.tokens,
          );
        }
        const stop = byId.get((item?.data as { name?: string } | undefined)?.name ?? '');
        if (!stop) return '';
        return tooltip(
          name(stop.event),
          [
            { text: t('explore.customers'), value: format.number(stop.customers) },
            { text: t('explore.paths.ofAll'), value: share(stop.customers) },
          ],
          context.tokens,
        );
      },
    },
    series: [
      {
        type: 'sankey',
        id: 'paths',
        left: 4,
        right: 148,
        top: above,
        bottom: 8,
        nodeWidth: 10,
        nodeGap: 14,
        nodeAlign: 'left',
        draggable: false,
        layoutIterations: 24,
        emphasis: { focus: 'trajectory' },
        label: {
          color: context.tokens.text,
          fontSize: 12,
          width: 136,
          overflow: 'truncate',
          formatter: ({ name: id }) => {
            const stop = byId.get(id);
            return stop ? `${format.compact(stop.customers)}  ${name(stop.event)}` : '';
          },
        },
        lineStyle: { color: 'source', opacity: 0.22, curveness: 0.5 },
        data: stops.map((stop) => ({
          name: stop.id,
          depth: stop.step,
          value: stop.customers,
          itemStyle: { color: colorOf(stop.event, context.tokens.comparison), borderWidth: 0 },
          cursor: stopPick(stop) ? 'pointer' : 'default',
        })),
        links: flows.map((flow) => ({
          source: flow.source,
          target: flow.target,
          value: flow.customers,
          ...(byId.get(flow.target)?.event === end ? { lineStyle: { color: context.tokens.comparison, opacity: 0.28 } } : {}),
        })),
      } satisfies SankeySeriesOption,
    ],
  });

  return {
    title,
    empty: links.length === 0,
    summary: top
      ? t('explore.paths.summary', {
          customers: format.number(began),
          from: name(top.from),
          to: name(top.to),
          count: format.number(top.customers),
        })
      : '',
    notes: [
      ...(stops.some((stop) => stop.event === rest) ? [t('explore.note.rest', { most: mostStops })] : []),
      ...(answer.result.groups > links.length ? [t('explore.note.links', { given: links.length, all: answer.result.groups })] : []),
    ],
    drawing: {
      option: (context) => draw(context, 8),
      height: Math.max(280, tallest * 48 + 40),
      minWidth: columns * 150 + 10,
      description: t('explore.paths.description', {
        title,
        links: [...links]
          .sort((a, b) => b.customers - a.customers)
          .slice(0, 5)
          .map((link) => `${name(link.from)} → ${name(link.to)}: ${format.number(link.customers)}`)
          .join('; '),
      }),
      pickAt: ({ data }) => {
        if (!data) return null;
        if (data.source && data.target)
          return flows.find((flow) => flow.source === data.source && flow.target === data.target)?.pick ?? null;
        const stop = byId.get(data.name ?? '');
        return stop ? stopPick(stop) : null;
      },
      picture: { option: (context) => draw(context, 84), height: Math.max(420, tallest * 48 + 120) },
    },
    data: {
      columns: [
        { label: t('explore.paths.step'), align: 'right', show: (value) => format.number(Number(value)) },
        { label: t('explore.paths.from') },
        { label: t('explore.paths.to') },
        { label: t('explore.customers'), align: 'right', show: (value) => format.number(Number(value)) },
        { label: t('explore.paths.ofStop'), align: 'right', show: (value) => (typeof value === 'number' ? format.percent(value) : '–') },
      ],
      rows: links.map((link) => {
        const from = links
          .filter((other) => other.step === link.step && other.from === link.from)
          .reduce((sum, other) => sum + other.customers, 0);
        return [link.step + 1, name(link.from), name(link.to), link.customers, from === 0 ? null : link.customers / from];
      }),
    },
    pickOf: (row, column) => {
      const link = links[row]!;
      if (column === 3) return { step: link.step, group: [link.from, link.to] };
      return null;
    },
  };
}
