import { useLocalStorage } from '@mantine/hooks';
import type { Column, Density } from './columns';

/** Which columns and how dense: a habit of the person at this machine, and not part of what an address shares. */
export function useTableView<T>(table: string, columns: Column<T>[], defaults: string[]) {
  const [chosen, setChosen] = useLocalStorage<string[]>({
    key: `clientele-columns-${table}`,
    defaultValue: defaults,
    getInitialValueInEffect: false,
  });
  const [density, setDensity] = useLocalStorage<Density>({
    key: 'clientele-density',
    defaultValue: 'comfortable',
    getInitialValueInEffect: false,
  });
  const shows = (column: Column<T>) => column.always || chosen.includes(column.id);
  return {
    density,
    setDensity,
    columns: columns.filter(shows),
    shows,
    toggle: (id: string) => setChosen(chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id]),
    reset: () => setChosen(defaults),
  };
}

export type TableView<T> = ReturnType<typeof useTableView<T>>;
