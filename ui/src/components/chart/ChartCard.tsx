import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { useT } from '../../i18n/I18n';
import { Card } from '../Card';
import { save, saveText } from '../download';
import { Icon } from '../Icon';
import { PlainTable } from '../table/PlainTable';
import { useOptionContext } from './Chart';
import { toCsv, type ChartData } from './data';
import type { ChartOption, OptionContext } from './option';

export type ChartView = 'chart' | 'table';

interface ChartCardProps {
  title: string;
  /** What a picture needs said that the page says elsewhere: whose figures, of which period. */
  caption: string;
  /** Without an ending. */
  fileName: string;
  data: ChartData;
  /** How the picture is drawn that is saved as PNG. */
  picture: (context: OptionContext) => ChartOption;
  /** In pixels. */
  pictureHeight?: number;
  view: ChartView;
  children: ReactNode;
  actions?: ReactNode;
  /** Instead of the plain one: where its numbers lead somewhere. */
  table?: ReactNode;
  /** Absent where there is only one. */
  onView?: (view: ChartView) => void;
}

/** The frame of every chart: its numbers as a table, and both to take away. */
export function ChartCard({
  title,
  caption,
  fileName,
  data,
  picture,
  view,
  onView,
  children,
  actions,
  table,
  pictureHeight = 420,
}: ChartCardProps) {
  const t = useT();
  const context = useOptionContext(960);
  const savePng = async () => {
    const { toPng } = await import('./engine');
    const option = picture(context);
    const { text } = context.tokens;
    const named: ChartOption = {
      ...option,
      title: { text: title, subtext: caption, left: 16, top: 12, textStyle: { fontSize: 15, color: text }, subtextStyle: { color: text } },
      // Room for the title, which the page shows outside the chart.
      ...(option.grid ? { grid: { ...option.grid, top: option.legend ? 112 : 84, left: 20, bottom: 16 } } : {}),
    };
    save(toPng(named, context.tokens.ground, 960, pictureHeight), `${fileName}.png`);
  };
  const other = view === 'chart' ? 'table' : 'chart';
  const switchLabel = view === 'chart' ? t('chart.showTable') : t('chart.showChart');
  return (
    <Card
      title={title}
      actions={
        <>
          {actions}
          {onView && (
            <Tooltip label={switchLabel}>
              <ActionIcon variant="subtle" color="gray" size={28} aria-label={`${switchLabel}: ${title}`} onClick={() => onView(other)}>
                <Icon name={other} />
              </ActionIcon>
            </Tooltip>
          )}
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('chart.export', { title })}>
                <Icon name="download" />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void savePng()}>{t('chart.png')}</Menu.Item>
              <Menu.Item onClick={() => saveText(toCsv(data), `${fileName}.csv`, 'text/csv')}>{t('chart.csv')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      {view === 'chart' ? children : (table ?? <DataAsTable title={title} data={data} />)}
    </Card>
  );
}

function DataAsTable({ title, data }: { title: string; data: ChartData }) {
  return (
    <PlainTable
      label={title}
      maxHeight={320}
      columns={data.columns}
      rows={data.rows.map((row) => row.map((cell, i) => data.columns[i]?.show?.(cell) ?? cell ?? '–'))}
    />
  );
}
